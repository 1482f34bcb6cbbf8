/// The time of day.
package enum WallClock {
    /// Whole seconds since 1970; about 25 ns.
    package static var seconds: Int { SystemCalls.wallClockMs() / 1_000 }
}
