import CatalogModel
import Foundation
import LMDB
import Testing

@testable import ReadPath

@Suite("Caches on disk")
struct CacheDirectoryTests {
    private let scratch: Scratch
    private let kinds = CacheHarness.kinds

    init() throws {
        scratch = try Scratch()
    }

    private func directory(
        kinds: KindTable = CacheHarness.kinds, bootID: String = "boot-1"
    ) -> CacheDirectory {
        CacheDirectory(path: scratch.path + "/caches", kinds: kinds, bootID: bootID)
    }

    private func fill(_ cache: NamespaceCache, _ store: FakeStore) throws {
        try cache.beginCopy(of: Kind.agent)
        try cache.copy(store.rows(of: Kind.agent), of: Kind.agent)
        let batch = store.batch(after: store.revision, kinds)
        #expect(try cache.apply(batch, installing: [Kind.agent.number]).isEmpty)
    }

    private func store() -> FakeStore {
        var store = FakeStore()
        store.put(Kind.agent.key("a"), "{}")
        return store
    }

    /// Leaves the files of a loaded cache behind, closed in order or not.
    private func leave(closed: Bool) throws -> StoreHeader {
        let directory = directory()
        let store = store()
        let cache = try directory.create(at: store.head)
        try fill(cache, store)
        if closed { #expect(directory.closeAll().isEmpty) }
        return StoreHeader(
            fingerprint: kinds.fingerprint, epoch: store.epoch, revision: store.revision,
            digest: store.head.digest, bootID: "boot-1", clean: closed)
    }

    private func names(_ cache: NamespaceCache) throws -> [String]? {
        let query = try ListQuery(
            kind: Kind.agent, namespace: .default, parameters: QueryParameters())
        guard case .hit(let page, _) = try cache.list(query) else { return nil }
        return page.bodies.map(CacheHarness.name)
    }

    @Test("A cache is listed from its creation to its end")
    func lifecycle() throws {
        let directory = directory()
        #expect(try directory.stored().isEmpty)
        #expect(directory[.default] == nil)
        let cache = try directory.create(at: store().head)
        #expect(directory[.default] === cache)
        #expect(directory.all.count == 1)
        #expect(try directory.stored() == [.default])
        try fill(cache, store())
        #expect(try names(cache) == ["a"])
        // The same namespace cannot be open twice.
        #expect(code { _ = try directory.create(at: store().head) } == .storage)
        #expect(directory[.default] === cache)
        try directory.discard(.default)
        #expect(directory[.default] == nil)
        #expect(try directory.stored().isEmpty)
        #expect(try names(cache) == nil)
        try directory.discard(.default)
        let second = try directory.create(at: store().head)
        #expect(try names(second) == nil)
    }

    @Test("Folders that cannot be namespaces are passed over")
    func strangers() throws {
        let directory = directory()
        _ = try directory.create(at: store().head)
        for name in ["lost+found", "Upper"] {
            try FileManager.default.createDirectory(
                atPath: directory.path + "/" + name, withIntermediateDirectories: true)
        }
        #expect(try directory.stored() == [.default])
    }

    @Test(
        "What was closed, or left by the same boot, is reopened as it was",
        arguments: [true, false])
    func reopen(_ closed: Bool) throws {
        let expected = try leave(closed: closed)
        let directory = directory()
        let header = try directory.reopen(.default) { Issue.record("discarded: \($0)") }
        #expect(header == expected)
        let cache = try #require(directory[.default])
        #expect(try names(cache) == ["a"])
        try cache.verify()
        let state = try #require(try cache.state(of: Kind.agent))
        #expect(state.phase == .loaded)
        #expect(state.entityCount == 1)
        #expect(state.revision == store().revision)
    }

    @Test("Closed files are trusted after another boot, unflushed ones are not")
    func otherBoot() throws {
        _ = try leave(closed: true)
        var directory = directory(bootID: "boot-2")
        #expect(try directory.reopen(.default) { _ in } != nil)
        // Written to again, though by nothing that moves the revision, and not closed.
        try #require(directory[.default]).beginCopy(of: Kind.mcp)
        directory = self.directory(bootID: "boot-3")
        var reason: ReadError.Code?
        #expect(try directory.reopen(.default) { reason = $0.code } == nil)
        #expect(reason == .foreign)
        #expect(directory[.default] == nil)
        #expect(try directory.stored().isEmpty)
    }

    @Test("Files of other plugin definitions are deleted")
    func otherDefinitions() throws {
        _ = try leave(closed: true)
        let directory = directory(kinds: KindTable(plugins: Array(Plugins.all.dropLast())))
        var reason: ReadError.Code?
        #expect(try directory.reopen(.default) { reason = $0.code } == nil)
        #expect(reason == .foreign)
        #expect(try directory.stored().isEmpty)
    }

    @Test("A header that was changed on disk is damage")
    func damagedHeader() throws {
        let header = try leave(closed: true)
        let file = directory().filePath(of: .default) + "/data.mdb"
        try FileDamage.flip(header.encoded(), at: 15, in: file)
        let directory = directory()
        var reason: ReadError.Code?
        #expect(try directory.reopen(.default) { reason = $0.code } == nil)
        #expect(reason == .damaged)
        #expect(try directory.stored().isEmpty)
    }

    @Test("A cache without a header is not reopened")
    func withoutHeader() throws {
        let path = directory().filePath(of: .default)
        _ = try NamespaceCache(namespace: .default, path: path, kinds: kinds, bootID: "boot-1")
        let directory = directory()
        #expect(try directory.reopen(.default) { Issue.record("discarded: \($0)") } == nil)
        #expect(try directory.stored().isEmpty)
    }

    @Test("A cache known to be wrong is not closed as a good one")
    func suspendedClose() throws {
        let directory = directory()
        let cache = try directory.create(at: store().head)
        cache.suspend()
        #expect(directory.closeAll().isEmpty)
        #expect(directory.all.isEmpty)
        let other = self.directory(bootID: "boot-2")
        var reason: ReadError.Code?
        #expect(try other.reopen(.default) { reason = $0.code } == nil)
        #expect(reason == .foreign)
    }

    @Test("After closing, reads miss")
    func readAfterClose() throws {
        let directory = directory()
        let cache = try directory.create(at: store().head)
        #expect(directory.closeAll().isEmpty)
        #expect(try names(cache) == nil)
        #expect(directory.closeAll().isEmpty)
    }
}
