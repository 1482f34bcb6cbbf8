import ArgumentParser

/// Tells a wrong name of a command from everything else that can be wrong with a command line.
enum CommandNames {
    /// What is wrong with the names of the command, and what they may have been meant to be.
    static func problem(
        in arguments: [String], of root: any ParsableCommand.Type
    ) -> String? {
        var command = root
        var path = root.configuration.commandName ?? ""
        for (index, name) in arguments.enumerated() {
            let children = command.configuration.subcommands
            guard !children.isEmpty, !name.hasPrefix("-"), index > 0 || name != "help" else {
                return nil
            }
            guard let child = children.first(where: { names(of: $0).contains(name) }) else {
                let suggestion = Suggestion.clause(for: name, among: children.flatMap(names))
                return "there is no command \"\(path) \(name)\"\(suggestion)"
            }
            command = child
            path += " \(child.configuration.commandName ?? name)"
        }
        return nil
    }

    private static func names(of command: any ParsableCommand.Type) -> [String] {
        [command.configuration.commandName ?? ""] + command.configuration.aliases
    }
}
