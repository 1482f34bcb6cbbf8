/// How often a source is loaded without being asked, as its property says it.
package enum SyncInterval {
    package static let key = "syncInterval"
    /// What a source of each type that is synchronised has when it says nothing.
    static let standards: [String: Duration] = [
        "git": .seconds(3_600), "http": .seconds(86_400), "hf": .seconds(86_400),
    ]
    private static let units: [(name: String, ms: Double)] = [
        ("ms", 1), ("h", 3_600_000), ("m", 60_000), ("s", 1_000),
    ]

    /// The interval of a source; nil for types that are not synchronised.
    ///
    /// Throws `.invalidField` for a text that is no duration, or one outside of the limits.
    package static func of(_ definition: SourceDefinition) throws(LoadError) -> Duration? {
        guard let standard = standards[definition.type] else { return nil }
        let settings = ProviderSettings(definition)
        guard let text = try settings.text(key) else { return standard }
        guard let interval = parse(text), SourceLimits.syncInterval.contains(interval) else {
            throw settings.error(
                .invalidField,
                "\(key) must be a duration of a second to a year, such as 30m or 1h30m")
        }
        return interval
    }

    /// Reads a duration such as `1h30m`, `1.5s` or `250ms`; nil for anything else.
    static func parse(_ text: String) -> Duration? {
        var rest = Substring(text)
        var ms = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            guard let number = Double(digits), number.isFinite,
                let unit = units.first(where: { rest.hasPrefix($0.name) })
            else { return nil }
            rest = rest.dropFirst(unit.name.count)
            ms += number * unit.ms
        }
        guard ms < 1e15 else { return nil }
        return .milliseconds(ms)
    }
}
