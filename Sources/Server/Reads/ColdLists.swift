import Synchronization

/// Lists that the store answers while their collection is not loaded: one scan for all that ask for
/// the same page at the same time, and few scans at once.
final class ColdLists: Sendable {
    typealias Outcome = Result<ReadContent, any Error>

    private struct State {
        /// Who waits for the scan of a page; present while it is under way.
        var scans: [String: [CheckedContinuation<Outcome?, Never>]] = [:]
        var running = 0
        var queue: [CheckedContinuation<Void, Never>] = []
    }

    private let limit: Int
    private let state = Mutex(State())

    /// `limit` is how many scans may run at once; the store has connections for others as well.
    init(limit: Int) {
        precondition(limit > 0)
        self.limit = limit
    }

    /// The content of a page by a scan that is under way or that `scan` makes now.
    ///
    /// Throws what the scan throws; if its own caller went away meanwhile, another one scans.
    func content(
        of page: String, _ scan: () async throws -> ReadContent
    ) async throws -> ReadContent {
        while true {
            try Task.checkCancellation()
            switch await join(page) {
            case .success(let content): return content
            case .failure(let error) where !(error is CancellationError): throw error
            case .failure: continue
            case nil: break
            }
            await enter()
            let asked = ContinuousClock.now
            let outcome: Outcome
            do {
                var content = try await scan()
                content.asOf = asked
                outcome = .success(content)
            } catch {
                outcome = .failure(Task.isCancelled ? CancellationError() : error)
            }
            leave(page, outcome)
            return try outcome.get()
        }
    }

    /// Waits for the scan of a page; nil at once where there is none, and the caller makes it.
    private func join(_ page: String) async -> Outcome? {
        await withCheckedContinuation { continuation in
            let leads = state.withLock { state in
                guard state.scans[page] != nil else {
                    state.scans[page] = []
                    return true
                }
                state.scans[page]?.append(continuation)
                return false
            }
            if leads { continuation.resume(returning: nil) }
        }
    }

    private func enter() async {
        await withCheckedContinuation { continuation in
            let mayRun = state.withLock { state in
                guard state.running < limit else {
                    state.queue.append(continuation)
                    return false
                }
                state.running += 1
                return true
            }
            if mayRun { continuation.resume() }
        }
    }

    private func leave(_ page: String, _ outcome: Outcome) {
        let (waiting, next) = state.withLock { state in
            // The one that follows takes over the place.
            let next = state.queue.isEmpty ? nil : state.queue.removeFirst()
            if next == nil { state.running -= 1 }
            return (state.scans.removeValue(forKey: page) ?? [], next)
        }
        next?.resume()
        for continuation in waiting { continuation.resume(returning: outcome) }
    }
}
