/// A row of the change log: a revision touched a register.
package struct LogRow: Hashable, Sendable {
    package let revision: UInt64
    package let register: Register
    /// Whether the revision removed the entity.
    package let isDelete: Bool

    package init(revision: UInt64, register: Register, isDelete: Bool) {
        self.revision = revision
        self.register = register
        self.isDelete = isDelete
    }
}

/// The time under one primary: what clients did, and what its store says about it.
///
/// The promotion of a standby that lags ends one era and begins another, with the history that the
/// standby had. Within an era nothing that was acknowledged may be lost.
package struct Era: Sendable {
    /// Operations that began in it.
    package var operations: [Operation]
    /// The revisions of each namespace as the store lists them, in its order.
    package var revisions: [String: [UInt64]]
    /// The changes of all namespaces as the store lists them.
    package var log: [LogRow]
    /// The newest revision that the store had at the beginning.
    package var initialHeads: [String: UInt64]
    /// What the registers held at the beginning; absent ones held nothing.
    package var initial: [Register: String]
    /// What the registers hold at the end.
    package var final: [Register: String]
    package var streams: [ChangeStream]

    package init(
        operations: [Operation], revisions: [String: [UInt64]] = [:], log: [LogRow] = [],
        initialHeads: [String: UInt64] = [:], initial: [Register: String] = [:],
        final: [Register: String] = [:], streams: [ChangeStream] = []
    ) {
        self.operations = operations
        self.revisions = revisions
        self.log = log
        self.initialHeads = initialHeads
        self.initial = initial
        self.final = final
        self.streams = streams
    }
}

/// A rule that a history breaks, with the operations that show it.
package struct Violation: Sendable, CustomStringConvertible {
    package let rule: Rule
    package let text: String
    /// The smallest part of the history that shows it.
    package let operations: [Operation]

    package init(_ rule: Rule, _ text: String, _ operations: [Operation] = []) {
        self.rule = rule
        self.text = text
        self.operations = operations
    }

    package var description: String {
        (["\(rule.rawValue): \(text)"] + operations.map { "    \($0)" }).joined(separator: "\n")
    }
}

/// What every history has to keep.
package enum Rule: String, Sendable, CaseIterable {
    /// A read that carries its session's tokens shows the session's own writes.
    case readYourWrites
    /// A read that carries its session's tokens is not older than what the session has seen.
    case monotonicReads
    /// A read that asks for revision R shows R or later.
    case atLeast
    /// What a cache answers never goes back during the life of its process.
    case replicaMonotonic
    /// Strong reads and writes of a register have an order that their times allow.
    case linearizable
    /// A read shows what the log says that its revision held.
    case trueToLog
    /// The revisions of the store are dense and in order.
    case denseLog
    /// What was acknowledged is in the log and, unless overwritten, in the store.
    case durable
    /// What was committed longer ago than the bound is in the answer.
    case honestBound
    /// A change stream shows every revision once and in order.
    case gaplessStream
    /// All replicas end with the digest of the store.
    case convergence
    /// Tokens of a lost history are refused.
    case lostTokens
    /// Every answer is one that the contract knows: no server error but 503.
    case contract
}
