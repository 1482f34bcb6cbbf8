/// How a read was answered with respect to the cache; the raw value is the header's value.
package enum CacheOutcome: String, Sendable, CaseIterable {
    /// Answered without contacting Postgres.
    case hit = "HIT"
    /// Postgres was needed.
    case miss = "MISS"
    /// Answered from the cache while the feed is lost beyond the staleness limit.
    case stale = "STALE"
    /// The client asked for Postgres, or caching is off.
    case bypass = "BYPASS"
}
