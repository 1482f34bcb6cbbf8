import Telemetry

/// Reads settings from flags first, then variables, then defaults, and remembers where each is from.
package struct ConfigurationReader: Sendable {
    /// A setting that cannot be used; the server does not start with it.
    package struct Failure: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    private let flags: [String: String]
    private let environment: [String: String]

    /// Takes the flags that were given, by name, and the process environment.
    package init(
        flags: [String: String], environment: [String: String] = MachineFacts.environment()
    ) {
        self.flags = flags
        self.environment = environment
    }

    private func found(_ setting: Setting) -> (value: String, origin: String) {
        if let flag = setting.flag, let value = flags[flag] { return (value, "--\(flag)") }
        if let value = environment[setting.variable], !value.isEmpty {
            return (value, setting.variable)
        }
        return (setting.standard, "default")
    }

    /// Whether the operator has given a value.
    func isGiven(_ setting: Setting) -> Bool { found(setting).origin != "default" }

    /// The value as text; throws for a value outside the setting's choices.
    func text(_ setting: Setting) throws(Failure) -> String {
        let (value, origin) = found(setting)
        if let reason = setting.refused[value] {
            throw Failure(description: "\(origin)=\(value): \(reason)")
        }
        guard setting.choices.isEmpty || setting.choices.contains(value) else {
            let choices = setting.choices.filter { !$0.isEmpty }.joined(separator: ", ")
            throw Failure(description: "\(origin)=\(value): must be one of \(choices)")
        }
        return value
    }

    /// A whole number; anything else falls back to the default, which is reported.
    func number(
        _ setting: Setting, in range: ClosedRange<Int>, onIgnored: (String, String) -> Void
    ) -> Int {
        let (value, origin) = found(setting)
        let standard = Int(setting.standard) ?? range.lowerBound
        guard let number = Int(value), range.contains(number) else {
            let bounds = "\(range.lowerBound) to \(range.upperBound)"
            onIgnored(origin, "\"\(value)\" is not a number from \(bounds); using \(standard)")
            return standard
        }
        return number
    }

    /// True or false; throws for anything else, since a guess could open or lose something.
    func flag(_ setting: Setting) throws(Failure) -> Bool {
        let (value, origin) = found(setting)
        switch value.lowercased() {
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default: throw Failure(description: "\(origin)=\(value): must be true or false")
        }
    }

    /// Every setting as `NAME=value` with its origin; secrets are masked.
    package func listing() -> [String] {
        Setting.all.map { setting in
            let (value, origin) = found(setting)
            let shown = setting.isSecret && !value.isEmpty ? "***" : value
            return "\(setting.variable)=\(shown)  (\(origin))"
        }
    }
}
