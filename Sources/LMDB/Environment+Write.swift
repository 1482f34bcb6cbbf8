import CLMDB
import Synchronization

extension Environment {
    /// Runs `body` in a write transaction and commits; aborts when `body` throws.
    ///
    /// When the map is full it is grown and `body` runs again from the start, so `body` must not
    /// have effects elsewhere. Waits for other writers. Blocks for the disk unless `noSync`; keep
    /// it off the cooperative threads (see `WriterThread`). Throws `.mapFull` at `maxMapSizeBytes`.
    @available(*, noasync)
    package func write<R: ~Copyable>(
        _ body: (inout WriteTransaction) throws(StorageError) -> R
    ) throws(StorageError) -> R {
        try writeAny(body)
    }

    /// The same for a body that throws another type, named in its head: `{ x throws(E) in … }`.
    @available(*, noasync)
    package func write<R: ~Copyable, E: StorageFailure>(
        throwing: E.Type = E.self, _ body: (inout WriteTransaction) throws(E) -> R
    ) throws(E) -> R {
        try writeAny(body)
    }

    private func writeAny<R: ~Copyable, E: StorageFailure>(
        _ body: (inout WriteTransaction) throws(E) -> R
    ) throws(E) -> R {
        lockWriter()
        defer { unlockWriter() }
        growAhead()
        var attempt = 1
        while true {
            mapWasFull.store(false, ordering: .relaxed)
            do throws(E) {
                return try writeOnce(body)
            } catch {
                guard mapWasFull.load(ordering: .relaxed), attempt < Limits.maxWriteAttempts,
                    growAfterFullMap()
                else { throw error }
                attempt += 1
            }
        }
    }

    private func writeOnce<R: ~Copyable, E: StorageFailure>(
        _ body: (inout WriteTransaction) throws(E) -> R
    ) throws(E) -> R {
        var transaction: WriteTransaction
        do throws(StorageError) {
            transaction = try WriteTransaction(environment: self)
        } catch {
            throw E(error)
        }
        // A throw from here on destroys the transaction, which aborts it.
        let result = try body(&transaction)
        do throws(StorageError) {
            try transaction.commit()
        } catch {
            throw E(error)
        }
        backUsedPages()
        return result
    }
}
