/// The states of an asset's lifecycle.
package enum LifecycleState: String, Sendable, Hashable, CaseIterable {
    case draft, approved, deprecated, archived
}

/// Which changes of an asset's lifecycle are possible (contract, section 1.9).
package enum LifecycleMachine {
    /// What the rules say about a change.
    package enum Verdict: Sendable, Hashable {
        /// Possible; waits for approval if a policy says so.
        case gateable
        /// Possible at once, whatever the policies say.
        case free
        /// Both states exist, and the way between them is closed.
        case denied
        /// A state is not known, or nothing is said about the change.
        case invalid
    }

    /// Judges a change by the names of its states, which are compared exactly.
    package static func verdict(from: String, to: String) -> Verdict {
        guard let from = LifecycleState(rawValue: from), let to = LifecycleState(rawValue: to)
        else { return .invalid }
        return verdict(from: from, to: to)
    }

    /// Judges a change between two known states.
    package static func verdict(from: LifecycleState, to: LifecycleState) -> Verdict {
        switch (from, to) {
        case _ where from == to: .free
        case (.draft, .approved), (.deprecated, .archived), (.approved, .archived),
            (.deprecated, .approved), (.archived, .deprecated), (.archived, .draft):
            .gateable
        case (.approved, .deprecated): .free
        case (.draft, .deprecated), (.draft, .archived), (.archived, .approved): .denied
        default: .invalid
        }
    }
}
