/// The state of the feed as an operator wants to see it beside an answer.
package struct FeedStatus: Hashable, Sendable {
    /// Whether hints can arrive.
    package let isConnected: Bool
    /// When the store last answered a poll of the heads.
    package let lastHeads: ContinuousClock.Instant?
    /// Revisions between the newest head heard of and the cache.
    package let lag: UInt64
}
