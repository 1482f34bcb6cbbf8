/// Waits until a condition holds; what fails in between counts as not yet.
func eventually(
    within timeout: Duration = .seconds(30), _ what: String, holds: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + timeout
    while (try? await holds()) != true {
        guard ContinuousClock.now < end else {
            throw ChaosFailure(description: "not in time: \(what)")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// A run that could not go on, which says nothing about promises.
struct ChaosFailure: Error, CustomStringConvertible {
    let description: String
}
