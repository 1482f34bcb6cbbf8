import CLMDB
import Glibc
import Synchronization

/// One LMDB directory: many short reads at a time on any thread, one write at a time.
///
/// Holds the directory alone; a second open, here or in another process, throws `.locked`. See the
/// module's page for the rules that the compiler cannot check.
@safe
package final class Environment: Sendable {
    // SAFETY: the library allows this handle on all threads. `raw` is used only inside a read of
    // `readers` or under `writer`, and `close` waits for both before it frees the handle.
    nonisolated(unsafe) let raw: OpaquePointer
    let options: EnvironmentOptions
    let readers: ReaderPool
    /// Serialises writes, resizes, syncs and close.
    let writer = Monitor()
    /// The thread inside `write`, to refuse a nested one; 0 for none.
    let writingThread = Atomic<UInt>(0)
    /// Whether the running write met a full map; touched under `writer` only.
    let mapWasFull = Atomic<Bool>(false)
    let isClosed = Atomic<Bool>(false)
    let tables = Mutex<[String: Table]>([:])
    /// Pages known to be backed by the file; touched under `writer` only.
    let backedPages = Atomic<Int>(0)
    private let owner: Mutex<OwnerLock?>

    /// Makes calls fail on demand, in tests.
    var faults: FaultPlan? { options.faults }

    /// Opens the directory, creates it when absent, and frees slots of dead processes.
    ///
    /// Throws `.locked` when it is open elsewhere and `.corrupted` or `.notADatabase` when the file
    /// cannot be trusted; the caller then removes the directory's `data.mdb` and builds it anew.
    package init(path: String, options: EnvironmentOptions) throws(StorageError) {
        try StorageDirectory.create(path)
        if options.requiresLocalFileSystem { try StorageDirectory.checkLocal(path) }
        let owner = try OwnerLock(directory: path)
        try StorageDirectory.reserveLockFile(in: path, readers: options.maxReaders)
        let raw = unsafe try Self.open(path, options)
        do throws(StorageError) {
            var dead: Int32 = 0
            try Self.demand(unsafe mdb_reader_check(raw, &dead), "check readers")
            let facts = unsafe Self.facts(raw)
            guard unsafe try Self.fileSize(raw) >= facts.usedBytes else {
                throw StorageError(.corrupted, operation: "open: file is cut short")
            }
        } catch {
            unsafe mdb_env_close(raw)
            throw error
        }
        unsafe self.raw = raw
        self.options = options
        self.readers = ReaderPool(capacity: options.maxReaders)
        self.owner = Mutex(consume owner)
    }

    deinit {
        guard !isClosed.load(ordering: .acquiring) else { return }
        // Nobody can be inside a read or write here, because both keep a reference.
        _ = try? readers.close {}
        unsafe mdb_env_close(raw)
    }

    /// Waits for running reads and writes, then frees everything; later calls throw `.closed`.
    ///
    /// Does not sync. Throws `.busy` when a read does not end in time, and then stays open.
    @available(*, noasync)
    package func close() throws(StorageError) {
        lockWriter()
        defer { unlockWriter() }
        let didClose = try readers.close { unsafe mdb_env_close(raw) }
        guard didClose else { return }
        isClosed.store(true, ordering: .releasing)
        tables.withLock { $0.removeAll() }
        owner.withLock { $0 = nil }
    }

    private static func open(
        _ path: String, _ options: EnvironmentOptions
    ) throws(StorageError) -> OpaquePointer {
        var created: OpaquePointer?
        try demand(unsafe mdb_env_create(&created), "create environment")
        guard let raw = unsafe created else {
            throw StorageError(.outOfMemory, operation: "create environment")
        }
        do throws(StorageError) {
            try demand(unsafe mdb_env_set_mapsize(raw, options.mapSizeBytes), "set map size")
            try demand(
                unsafe mdb_env_set_maxreaders(raw, UInt32(options.maxReaders)), "set readers")
            try demand(unsafe mdb_env_set_maxdbs(raw, UInt32(options.maxTables)), "set tables")
            var flags = UInt32(MDB_NOTLS)
            if options.noSync { flags |= UInt32(MDB_NOSYNC | MDB_NOMETASYNC) }
            if options.noReadAhead { flags |= UInt32(MDB_NORDAHEAD) }
            try demand(unsafe mdb_env_open(raw, path, flags, 0o600), "open environment")
        } catch {
            unsafe mdb_env_close(raw)
            throw error
        }
        return unsafe raw
    }

    /// Throws unless the call succeeded.
    static func demand(_ result: Int32, _ operation: String) throws(StorageError) {
        guard result == MDB_SUCCESS else {
            throw StorageError(number: result, operation: operation)
        }
    }

    /// Like `demand`, and remembers that the map was full, so that the write can be run again.
    func check(_ result: Int32, _ operation: String) throws(StorageError) {
        guard result != MDB_SUCCESS else { return }
        if result == MDB_MAP_FULL { mapWasFull.store(true, ordering: .relaxed) }
        throw StorageError(number: result, operation: operation)
    }

    /// Takes the writer lock; a write inside a write of the same thread is a programmer's error.
    func lockWriter() {
        let me = UInt(pthread_self())
        precondition(
            writingThread.load(ordering: .relaxed) != me, "a write cannot contain another write")
        writer.lock()
        writingThread.store(me, ordering: .relaxed)
    }

    func unlockWriter() {
        writingThread.store(0, ordering: .relaxed)
        writer.unlock()
    }

    /// Throws `.closed` after `close`; call under the writer lock.
    func demandOpen(_ operation: String) throws(StorageError) {
        guard !isClosed.load(ordering: .acquiring) else {
            throw StorageError(.closed, operation: operation)
        }
    }
}
