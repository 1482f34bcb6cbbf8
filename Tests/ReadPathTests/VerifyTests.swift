import CatalogModel
import LMDB
import Testing

@testable import ReadPath

@Suite("Verification of a cache")
struct VerifyTests {
    /// A closed cache of some agents and models; every text is unique.
    private static func closed() throws -> CacheHarness {
        let harness = try CacheHarness()
        for number in 0..<60 {
            harness.store.put(
                Kind.agent.key("agent-\(number)"),
                #"{"category":"cat-\#(number)","instructions":"do \#(number * 7919)"}"#)
            harness.store.put(
                Kind.model.key("org/model-\(number)"),
                #"{"provider":"prov-\#(number)","artifacts":[{"uri":"u-\#(number)"}]}"#)
        }
        try harness.load(Kind.agent, slice: 7)
        try harness.load(Kind.model)
        try harness.cache.verify()
        try harness.cache.close()
        return harness
    }

    private static func verify(_ harness: CacheHarness) throws(ReadError) {
        let cache = try NamespaceCache(
            namespace: .default, path: harness.scratch.path + "/default",
            kinds: CacheHarness.kinds, bootID: "boot")
        try cache.verify()
    }

    private static func file(_ harness: CacheHarness) -> String {
        harness.scratch.path + "/default/data.mdb"
    }

    @Test("A good cache passes, also after it was reopened")
    func good() throws {
        try Self.verify(try Self.closed())
    }

    @Test("A cache without a header does not pass")
    func withoutHeader() throws {
        let scratch = try Scratch()
        let cache = try NamespaceCache(
            namespace: .default, path: scratch.path + "/n", kinds: CacheHarness.kinds,
            bootID: "boot")
        #expect(code { try cache.verify() } == .damaged)
    }

    @Test("One wrong bit anywhere in a record is found", arguments: 0..<12)
    func flippedRecord(_ seed: Int) throws {
        let harness = try Self.closed()
        var generator = SeededGenerator(state: UInt64(seed))
        let kind = seed.isMultiple(of: 2) ? Kind.agent : Kind.model
        let rows = harness.store.rows(of: kind).sorted { $0.id < $1.id }
        let row = try #require(rows.randomElement(using: &generator))
        let record = CacheRecord.build(row, kind: kind).bytes
        let offset = Int.random(in: record.indices, using: &generator)
        try FileDamage.flip(record, at: offset, in: Self.file(harness))
        #expect(code { try Self.verify(harness) } == .damaged, "byte \(offset) of \(row.key)")
    }

    @Test("One wrong bit in an index key or an index value is found", arguments: [true, false])
    func flippedIndex(_ inKey: Bool) throws {
        let harness = try Self.closed()
        let row = try #require(harness.store[Kind.agent.key("agent-31")])
        let field = try #require(Kind.agent.kind.fieldNumber(named: "category"))
        let key = StoreLayout.indexKey(
            Kind.agent.number, field: field, value: SortKey(.string("cat-31")))
        let entry = key + StoreLayout.idBytes(row.id)
        try FileDamage.flip(entry, at: inKey ? 6 : key.count + 2, in: Self.file(harness))
        #expect(code { try Self.verify(harness) } == .damaged)
    }

    @Test("One wrong bit in a collection's state is found")
    func flippedState() throws {
        let harness = try Self.closed()
        let cache = try NamespaceCache(
            namespace: .default, path: harness.scratch.path + "/default",
            kinds: CacheHarness.kinds, bootID: "boot")
        let state = try #require(try cache.state(of: Kind.agent)).encoded()
        try cache.close()
        for offset in state.indices {
            try FileDamage.flip(state, at: offset, in: Self.file(harness))
            #expect(code { try Self.verify(harness) } == .damaged, "byte \(offset)")
            var flipped = state
            flipped[offset] ^= 0x10
            try FileDamage.flip(flipped, at: offset, in: Self.file(harness))
        }
        try Self.verify(harness)
    }

    @Test("An entity without its index entry, or an entry without its entity, is found")
    func indexes() throws {
        for missing in [true, false] {
            let harness = try CacheHarness()
            harness.store.put(Kind.agent.key("a"), #"{"category":"c"}"#)
            try harness.load(Kind.agent)
            let cache = harness.cache
            let field = try #require(Kind.agent.kind.fieldNumber(named: "category"))
            let id = StoreLayout.idBytes(missing ? 1 : 99)
            let key = StoreLayout.indexKey(
                Kind.agent.number, field: field, value: SortKey(.string("c")))
            let table = cache.tables(of: Kind.agent).indexes
            try cache.environment.write(throwing: ReadError.self) {
                transaction throws(ReadError) in
                do throws(StorageError) {
                    if missing {
                        _ = try transaction.delete(
                            key.span.rawBytes, value: id.span.rawBytes, in: table)
                    } else {
                        try transaction.put(id, for: key, in: table)
                    }
                } catch {
                    throw ReadError(error)
                }
            }
            #expect(code { try cache.verify() } == .damaged)
            if !missing {
                let query = ["filterQuery": "category='c'"]
                #expect(code { _ = try harness.names(Kind.agent, query) } == .damaged)
            }
        }
    }

    @Test("A file that was cut short is refused at the door", arguments: [0.1, 0.5, 0.9])
    func truncated(_ fraction: Double) throws {
        let harness = try Self.closed()
        try FileDamage.cut(Self.file(harness), to: fraction)
        #expect(code { try Self.verify(harness) } == .damaged)
    }
}
