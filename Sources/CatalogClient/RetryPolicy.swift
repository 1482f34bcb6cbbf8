/// Decides whether and when a request is sent again.
package struct RetryPolicy {
    /// What came of an attempt.
    package enum Outcome {
        case answer(status: Int, retryAfter: String?)
        case failure
    }

    /// Milliseconds until the next attempt; nil when there is none.
    ///
    /// Only what can do nothing twice is repeated, and of the answers only those that ask to come
    /// again later. `chance` is between 0 and 1.
    package static func pauseMs(
        after attempt: Int, of request: CatalogRequest, _ outcome: Outcome, chance: Double
    ) -> Int? {
        guard request.isRetried, request.isRepeatable, attempt < Limits.attempts else { return nil }
        let step = Limits.firstPauseMs << (attempt - 1)
        let pause = step + Int(Double(step) * chance)
        switch outcome {
        case .failure: return pause
        case .answer(503, let retryAfter), .answer(429, let retryAfter):
            let asked = retryAfter.flatMap { Int($0) }.map { $0 &* 1_000 } ?? 0
            return min(max(pause, asked), Limits.longestPauseMs)
        case .answer: return nil
        }
    }
}
