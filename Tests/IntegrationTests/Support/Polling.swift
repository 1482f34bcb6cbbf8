/// Asks again and again until there is an answer; fails with `what` after the timeout.
func eventually<Value>(
    within timeout: Duration = .seconds(10), _ what: String,
    _ attempt: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + timeout
    while true {
        if let value = try await attempt() { return value }
        guard ContinuousClock.now < end else {
            throw NotInTime(description: "not in time: \(what)")
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// Waits until a condition holds; fails with `what` after the timeout.
func eventually(
    within timeout: Duration = .seconds(10), _ what: String, holds: () async throws -> Bool
) async throws {
    let _: Bool = try await eventually(within: timeout, what) { try await holds() ? true : nil }
}

/// Something that was waited for in vain.
struct NotInTime: Error, CustomStringConvertible {
    let description: String
}
