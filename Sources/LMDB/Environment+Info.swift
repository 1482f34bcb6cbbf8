import CLMDB
import Glibc
import Synchronization

/// Sizes and counts of an environment at one moment.
package struct EnvironmentInfo: Sendable, Equatable {
    /// Size of the memory map.
    package let mapSizeBytes: Int
    /// High-water mark of used pages; free pages below it count as used.
    package let usedBytes: Int
    /// Reads that run now.
    package let activeReaders: Int
    /// Reader slots that were ever taken since open.
    package let readerSlots: Int
    /// Number of the last committed transaction.
    package let lastTransaction: Int
}

extension Environment {
    /// Sizes and counts, about a microsecond; all zero after close.
    package var info: EnvironmentInfo {
        let active = readers.activeCount
        let facts = try? readers.whileOpen { unsafe Self.facts(raw) }
        return EnvironmentInfo(
            mapSizeBytes: facts?.mapSizeBytes ?? 0, usedBytes: facts?.usedBytes ?? 0,
            activeReaders: active, readerSlots: facts?.readerSlots ?? 0,
            lastTransaction: facts?.lastTransaction ?? 0)
    }

    /// Size of the data file as the file system reports it.
    package var fileSizeBytes: Int {
        get throws(StorageError) {
            try readers.whileOpen { () throws(StorageError) in unsafe try Self.fileSize(raw) }
        }
    }

    /// Frees reader slots of dead processes and says how many there were; run it every 30 s or so.
    package func checkStaleReaders() throws(StorageError) -> Int {
        try readers.whileOpen { () throws(StorageError) in
            var dead: Int32 = 0
            try Self.demand(unsafe mdb_reader_check(raw, &dead), "check readers")
            return Int(dead)
        }
    }

    /// Flushes all commits to the disk, also under `noSync`; blocks, and keeps writers waiting.
    @available(*, noasync)
    package func sync() throws(StorageError) {
        lockWriter()
        defer { unlockWriter() }
        try demandOpen("sync")
        try check(faults.around(.sync) { unsafe mdb_env_sync(raw, 1) }, "sync")
    }

    struct Facts {
        let mapSizeBytes: Int
        let pageSizeBytes: Int
        let usedPages: Int
        let readerSlots: Int
        let lastTransaction: Int

        var usedBytes: Int { usedPages * pageSizeBytes }
    }

    @unsafe
    static func facts(_ raw: OpaquePointer) -> Facts {
        var info = unsafe MDB_envinfo()
        var statistics = MDB_stat()
        unsafe mdb_env_info(raw, &info)
        unsafe mdb_env_stat(raw, &statistics)
        return Facts(
            mapSizeBytes: unsafe info.me_mapsize,
            pageSizeBytes: Int(statistics.ms_psize),
            usedPages: unsafe info.me_last_pgno + 1,
            readerSlots: unsafe Int(info.me_numreaders),
            lastTransaction: unsafe info.me_last_txnid)
    }

    @unsafe
    static func fileSize(_ raw: OpaquePointer) throws(StorageError) -> Int {
        var descriptor: Int32 = -1
        try demand(unsafe mdb_env_get_fd(raw, &descriptor), "find data file")
        var facts = stat()
        guard unsafe fstat(descriptor, &facts) == 0 else {
            throw StorageError(number: errno, operation: "examine data file")
        }
        return Int(facts.st_size)
    }

    /// Makes the file as long as its header says; call under the writer lock.
    ///
    /// The library leaves freed pages at the end unwritten. With the file made whole after each
    /// commit, `init` can tell a file that was cut short.
    func backUsedPages() {
        let facts = unsafe Self.facts(raw)
        guard facts.usedPages > backedPages.load(ordering: .relaxed) else { return }
        var descriptor: Int32 = -1
        guard let size = try? unsafe Self.fileSize(raw) else { return }
        if size < facts.usedBytes {
            guard unsafe mdb_env_get_fd(raw, &descriptor) == MDB_SUCCESS,
                ftruncate(descriptor, facts.usedBytes) == 0
            else { return }
        }
        backedPages.store(facts.usedPages, ordering: .relaxed)
    }
}
