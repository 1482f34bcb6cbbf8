package import CatalogModel

/// What a look at a database has found, one part after the other.
package struct DatabaseReport: Sendable {
    /// One thing that was looked at.
    package struct Part: Sendable {
        package enum State: String, Sendable {
            case fine, finding
        }

        package let name: String
        package let state: State
        /// What was seen, or what is wrong.
        package let detail: String

        /// The part as one row.
        package var json: JSONValue {
            .object([
                "check": .string(name), "state": .string(state.rawValue),
                "detail": .string(detail),
            ])
        }
    }

    package private(set) var parts: [Part] = []
    /// Whether a connection could be made at all.
    package var isReachable = true

    package var hasFindings: Bool { parts.contains { $0.state == .finding } }

    mutating func fine(_ name: String, _ detail: String) {
        parts.append(Part(name: name, state: .fine, detail: detail))
    }

    mutating func finding(_ name: String, _ detail: String) {
        parts.append(Part(name: name, state: .finding, detail: detail))
    }
}
