/// One entity of one namespace: the register that writes set and reads see.
package struct Register: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let namespace: String
    package let name: String

    package init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    package var description: String { "\(namespace)/\(name)" }

    package static func < (a: Register, b: Register) -> Bool {
        (a.namespace, a.name) < (b.namespace, b.name)
    }
}

/// One request of one client with what came of it, by the clock of the checker's process.
package struct Operation: Sendable, CustomStringConvertible {
    /// What was asked.
    package enum Action: Hashable, Sendable {
        /// Sets the register; nil deletes it. No two writes of a history set the same value.
        case write(String?)
        case read(Level)
    }

    /// How much a read asked for.
    package enum Level: String, Hashable, Sendable, CaseIterable {
        case plain, token, strong, noCache, maxAge, conditional
    }

    /// What is known of it.
    package enum Outcome: Hashable, Sendable {
        /// The answer says that it happened; for a read it is what was seen.
        case answered
        /// The answer says that nothing happened.
        case refused
        /// No answer, or one that leaves it open: a write may happen at any later time, or never.
        case unknown
    }

    package let id: Int
    /// Requests of one session go one after the other and carry what it has seen.
    package var session: Int
    /// One life of one process; another number after a restart.
    package var replica: Int
    package var register: Register
    package var action: Action
    /// Nanoseconds; an operation takes effect between `began` and `ended`.
    package var began: Int64
    package var ended: Int64
    package var outcome: Outcome
    /// What a read saw; nil where there is no entity.
    package var value: String?
    /// The namespace's revision that the answer named.
    package var revision: UInt64?
    /// The revision that a read asked for at least.
    package var demanded: UInt64?
    /// The bound of the answer in milliseconds.
    package var boundMs: Int64?
    /// Whether the answer came from the cache alone.
    package var isCached = false

    package init(
        id: Int, session: Int, replica: Int, register: Register, action: Action, began: Int64,
        ended: Int64, outcome: Outcome = .answered, value: String? = nil, revision: UInt64? = nil,
        demanded: UInt64? = nil, boundMs: Int64? = nil, isCached: Bool = false
    ) {
        self.id = id
        self.session = session
        self.replica = replica
        self.register = register
        self.action = action
        self.began = began
        self.ended = ended
        self.outcome = outcome
        self.value = value
        self.revision = revision
        self.demanded = demanded
        self.boundMs = boundMs
        self.isCached = isCached
    }

    package var isWrite: Bool { if case .write = action { true } else { false } }

    package var isAnsweredRead: Bool { !isWrite && outcome == .answered }

    package var isAcknowledgedWrite: Bool { isWrite && outcome == .answered }

    /// Whether the store itself answered, or proved the answer complete, after the request came.
    package var isLinearizable: Bool {
        action == .read(.strong) || action == .read(.noCache)
    }

    package var description: String {
        let what =
            switch action {
            case .write(let value): "write \(value ?? "nothing")"
            case .read(let level): "read(\(level.rawValue)) \(value ?? "nothing")"
            }
        let times = "\(began / 1_000)…\(ended / 1_000) µs"
        var text = "#\(id) session \(session) replica \(replica) \(register) \(what) \(outcome)"
        if let revision { text += " @\(revision)" }
        if let demanded { text += " ≥\(demanded)" }
        if let boundMs { text += " bound \(boundMs) ms" }
        return "\(text) [\(times)]"
    }
}
