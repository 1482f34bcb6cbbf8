extension Environment {
    /// Runs `body` on a snapshot of now.
    ///
    /// Costs one renewed reader and two uncontended locks, and allocates nothing once a reader is
    /// pooled. Any thread. Throws `.readersFull` when `maxReaders` reads run, `.closed` after
    /// close. Do not read inside a read: a resize that waits for the outer one would hold the inner
    /// one back for a while.
    @available(*, noasync)
    package func read<R: ~Copyable>(
        _ body: (borrowing ReadTransaction) throws(StorageError) -> R
    ) throws(StorageError) -> R {
        try readAny(body)
    }

    /// The same for a body that throws another type, named in its head: `{ x throws(E) in … }`.
    @available(*, noasync)
    package func read<R: ~Copyable, E: StorageFailure>(
        throwing: E.Type = E.self, _ body: (borrowing ReadTransaction) throws(E) -> R
    ) throws(E) -> R {
        try readAny(body)
    }

    private func readAny<R: ~Copyable, E: StorageFailure>(
        _ body: (borrowing ReadTransaction) throws(E) -> R
    ) throws(E) -> R {
        let transaction: ReadTransaction
        do throws(StorageError) {
            transaction = unsafe try readers.begin(in: raw, faults: faults)
        } catch {
            throw E(error)
        }
        let result: R
        do throws(E) {
            result = try body(transaction)
        } catch {
            readers.end(transaction)
            throw error
        }
        readers.end(transaction)
        return result
    }

    /// Age of the oldest running read, for a watchdog; zero when none runs, 4 ms resolution.
    package var oldestReaderAge: Duration {
        .milliseconds(readers.oldestAgeMs())
    }
}
