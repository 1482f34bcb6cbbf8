/// Lets the options of every command stand before its name, too.
enum GlobalArguments {
    private static let options: Set<String> = [
        "--server", "-n", "--namespace", "-o", "--output", "--user", "--token", "--role",
    ]

    /// The arguments with the global options of their beginning after the names of the command.
    static func ordered(_ arguments: [String]) -> [String] {
        var rest = arguments[...]
        var moved: [String] = []
        while let first = rest.first, first.hasPrefix("-") {
            let name = first.prefix { $0 != "=" }
            guard options.contains(String(name)) else { break }
            let count = name.count < first.count ? 1 : 2
            moved += rest.prefix(count)
            rest = rest.dropFirst(count)
        }
        guard !moved.isEmpty, !rest.isEmpty else { return arguments }
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        return rest[..<end] + moved + rest[end...]
    }
}
