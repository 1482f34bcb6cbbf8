/// The times of an election; always lease > renew deadline > retry.
struct ElectionTiming: Sendable, Hashable {
    /// How long a leader's claim stands without another sign of life; the others wait so long.
    var lease: Duration = .seconds(15)
    /// How long after its last confirmed sign of life a leader may act.
    var renewDeadline: Duration = .seconds(10)
    /// The pause between two attempts, and between two renewals.
    var retry: Duration = .seconds(2)

    /// Whether the leader is certain to have stopped before another one may start.
    var isSound: Bool { lease > renewDeadline && renewDeadline > retry && retry > .zero }
}
