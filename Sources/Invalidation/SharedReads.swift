import Synchronization

/// Lets callers who ask for the same thing at the same time share one read.
///
/// The first one reads; whoever comes before it is done gets its answer, which may be of a moment
/// before the question. Callable from anywhere.
package final class SharedReads<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private typealias Waiter = CheckedContinuation<Result<Value, FeedError>?, Never>

    private let waiting = Mutex<[Key: [Waiter]]>([:])

    package init() {}

    /// The answer of a read under way, or of one that begins now.
    package func value(
        for key: Key, read: () async throws(FeedError) -> Value
    ) async throws(FeedError) -> Value {
        let isFirst = waiting.withLock { waiting in
            guard waiting[key] == nil else { return false }
            waiting[key] = []
            return true
        }
        guard isFirst else {
            if let shared = await join(key) { return try shared.get() }
            return try await read()
        }
        let result: Result<Value, FeedError>
        do throws(FeedError) {
            result = .success(try await read())
        } catch {
            result = .failure(error)
        }
        for waiter in waiting.withLock({ $0.removeValue(forKey: key) ?? [] }) {
            waiter.resume(returning: result)
        }
        return try result.get()
    }

    /// Nil when the read that was to be shared has just ended.
    private func join(_ key: Key) async -> Result<Value, FeedError>? {
        await withCheckedContinuation { waiter in
            let isLate = waiting.withLock { waiting in
                guard waiting[key] != nil else { return true }
                waiting[key]?.append(waiter)
                return false
            }
            if isLate { waiter.resume(returning: nil) }
        }
    }
}
