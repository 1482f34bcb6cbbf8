package import CatalogModel
package import LMDB
import Synchronization
package import Telemetry

/// The cache of one namespace: one LMDB environment, read from any thread, written by one.
///
/// Every read runs in one short read transaction and sees one revision of the namespace. Nothing
/// of the transaction outlives the call: bodies are copied out before it ends.
package final class NamespaceCache: Sendable {
    package let namespace: Namespace
    package let kinds: KindTable
    let environment: LMDB.Environment
    let meta: Table
    /// By the number of the kind.
    let collections: [CollectionTables]
    let bootID: String
    /// The namespace's counters, held here so that a hit does not look them up.
    package let metrics: NamespaceMetrics?
    package let freshness = Freshness()
    /// The rendered pages of the namespace; they go with it.
    package let pages: PageShelf
    private let suspended = Atomic<Bool>(false)
    private let clock: UseClock
    private let lastUse: Atomic<UInt64>
    private let reportedMapBytes: Atomic<Int>

    /// Opens or creates the environment at `path`, which no other process may have open.
    package init(
        namespace: Namespace, path: String, kinds: KindTable, bootID: String,
        options: EnvironmentOptions = .cache, clock: UseClock = UseClock(),
        metrics: NamespaceMetrics? = nil, library: PageLibrary = PageLibrary()
    ) throws(ReadError) {
        self.namespace = namespace
        self.kinds = kinds
        self.bootID = bootID
        self.clock = clock
        self.metrics = metrics
        pages = PageShelf(library: library)
        lastUse = Atomic(clock.advance())
        reportedMapBytes = Atomic(options.mapSizeBytes)
        do throws(StorageError) {
            var options = options
            options.maxTables = StoreLayout.tableCount(kinds: kinds.entries.count)
            environment = try LMDB.Environment(path: path, options: options)
            (meta, collections) = try Self.openTables(kinds, in: environment)
        } catch {
            throw ReadError(error)
        }
    }

    /// The header, or nil in a fresh environment; throws `.foreign` for content not to be trusted.
    ///
    /// That is content of another format, of other plugin definitions, or unflushed content that
    /// another boot of the machine may have lost parts of.
    package func trustedHeader() throws(ReadError) -> StoreHeader? {
        guard let header = try header() else { return nil }
        guard header.fingerprint == kinds.fingerprint else {
            throw ReadError(.foreign, "plugin definitions changed")
        }
        guard header.clean || header.bootID == bootID else {
            throw ReadError(.foreign, "the machine went down before the cache was flushed")
        }
        return header
    }

    /// The header as of now, or nil in a fresh environment.
    package func header() throws(ReadError) -> StoreHeader? {
        try environment.read(throwing: ReadError.self) { transaction throws(ReadError) in
            try self.header(in: transaction)
        }
    }

    /// The head that the cache is at, with the lineage of its epoch; nil in a fresh environment.
    package func head() throws(ReadError) -> NamespaceHead? {
        try environment.read(throwing: ReadError.self) { transaction throws(ReadError) in
            guard let header = try self.header(in: transaction) else { return nil }
            return NamespaceHead(
                namespace: self.namespace, epoch: header.epoch, revision: header.revision,
                digest: header.digest, lineage: try self.lineage(in: transaction))
        }
    }

    /// The state of one collection, or nil when the cache holds nothing of it.
    package func state(of kind: KindTable.Entry) throws(ReadError) -> CollectionState? {
        try environment.read(throwing: ReadError.self) { transaction throws(ReadError) in
            try self.state(of: kind, in: transaction)
        }
    }

    /// The collections that answer reads.
    package func loadedKinds() throws(ReadError) -> [UInt16] {
        var loaded: [UInt16] = []
        for entry in kinds.entries where try state(of: entry)?.phase == .loaded {
            loaded.append(entry.number)
        }
        return loaded
    }

    /// Makes every read miss until `reset(to:)`: what the cache holds is known to be wrong.
    package func suspend() {
        suspended.store(true, ordering: .releasing)
    }

    /// Like `suspend`; true for the one caller who was the first.
    package func suspendOnce() -> Bool {
        !suspended.exchange(true, ordering: .acquiringAndReleasing)
    }

    func resume() {
        suspended.store(false, ordering: .releasing)
    }

    var isSuspended: Bool { suspended.load(ordering: .acquiring) }

    /// Bytes that the environment's pages take.
    package var usedBytes: Int { environment.info.usedBytes }

    // MARK: Upkeep

    /// When the cache was last read, or opened, by the clock of its directory.
    package var lastUsed: UInt64 { lastUse.load(ordering: .relaxed) }

    /// Notes that a read was here; two loads, and a store once in a tick.
    func noteUse() {
        let now = clock.now
        if lastUse.load(ordering: .relaxed) != now { lastUse.store(now, ordering: .relaxed) }
    }

    /// Counts as a read: whoever follows the namespace keeps it from being evicted.
    package func touch() { noteUse() }

    /// Runs a read; what cannot be read now is, for the reader, not there.
    ///
    /// A cache may be closed to make room while somebody holds it, and its readers are limited.
    func answering<Value>(
        _ body: () throws(ReadError) -> CacheRead<Value>
    ) throws(ReadError) -> CacheRead<Value> {
        guard !isSuspended else { return .cold }
        noteUse()
        do throws(ReadError) {
            return try body()
        } catch {
            guard error.code == .storage else { throw error }
            return .cold
        }
    }

    /// The size of the map if it has grown since the last call.
    package func grownMapBytes() -> Int? {
        let bytes = environment.info.mapSizeBytes
        let last = reportedMapBytes.exchange(bytes, ordering: .relaxed)
        return bytes > last ? bytes : nil
    }

    /// Age of the oldest running read; zero when none runs.
    package var oldestReaderAge: Duration { environment.oldestReaderAge }

    /// Frees reader slots of dead processes and says how many there were.
    package func checkStaleReaders() throws(ReadError) -> Int {
        do throws(StorageError) {
            return try environment.checkStaleReaders()
        } catch {
            throw ReadError(error)
        }
    }

    // MARK: End

    /// Flushes everything, notes in the header that nothing is missing, and closes the files.
    package func close() throws(ReadError) {
        pages.close()
        if let header = try header(), !isSuspended {
            try flush()
            let clean = StoreHeader(
                fingerprint: header.fingerprint, epoch: header.epoch, revision: header.revision,
                digest: header.digest, bootID: header.bootID, clean: true)
            try environment.write(throwing: ReadError.self) { transaction throws(ReadError) in
                try self.put(clean, in: &transaction)
            }
            try flush()
        }
        do throws(StorageError) {
            try environment.close()
        } catch {
            throw ReadError(error)
        }
    }

    private func flush() throws(ReadError) {
        do throws(StorageError) {
            try environment.sync()
        } catch {
            throw ReadError(error)
        }
    }

    func header(in transaction: borrowing ReadTransaction) throws(ReadError) -> StoreHeader? {
        let value: RawSpan?
        do throws(StorageError) {
            value = try transaction.value(for: StoreLayout.headerKey, in: meta)
        } catch {
            throw ReadError(error)
        }
        guard let value else { return nil }
        return try StoreHeader.decode(Span<UInt8>(_bytes: value))
    }

    private func lineage(
        in transaction: borrowing ReadTransaction
    ) throws(ReadError) -> Lineage {
        let value: RawSpan?
        do throws(StorageError) {
            value = try transaction.value(for: StoreLayout.lineageKey, in: meta)
        } catch {
            throw ReadError(error)
        }
        guard let value else { return .none }
        var bytes: [UInt8] = []
        bytes.append(Span<UInt8>(_bytes: value))
        return Lineage(String(decoding: bytes, as: UTF8.self))
    }

    func state(
        of kind: KindTable.Entry, in transaction: borrowing ReadTransaction
    ) throws(ReadError) -> CollectionState? {
        let value: RawSpan?
        do throws(StorageError) {
            value = try transaction.value(for: StoreLayout.stateKey(kind.number), in: meta)
        } catch {
            throw ReadError(error)
        }
        guard let value else { return nil }
        return try CollectionState.decode(Span<UInt8>(_bytes: value))
    }
}

extension EnvironmentOptions {
    /// How a namespace's environment is opened: small at first, growing by steps, not flushed.
    ///
    /// A lost process loses nothing, a lost machine loses the file; the header tells the two apart.
    package static let cache = EnvironmentOptions(
        mapSizeBytes: ReadLimits.mapStepBytes, maxMapSizeBytes: ReadLimits.maxMapBytes,
        growthStepBytes: ReadLimits.mapStepBytes, maxReaders: ReadLimits.maxReaders,
        noSync: true)
}
