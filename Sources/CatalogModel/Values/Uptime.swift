/// How long something has been running, in whole seconds.
package struct Uptime: Hashable, Sendable, CustomStringConvertible {
    package let seconds: Int64

    /// Rounds to the nearest second; negative times count as zero.
    package init(ms: Int64) {
        seconds = max(0, ms) / 1000 + (max(0, ms) % 1000 >= 500 ? 1 : 0)
    }

    /// The form that operators know, such as `2m35s` or `26h0m1s`.
    package var description: String {
        let hours = seconds / 3600
        let minutes = seconds / 60 % 60
        if hours > 0 { return "\(hours)h\(minutes)m\(seconds % 60)s" }
        if minutes > 0 { return "\(minutes)m\(seconds % 60)s" }
        return "\(seconds)s"
    }
}
