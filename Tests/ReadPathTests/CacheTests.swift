import CatalogModel
import Testing

@testable import ReadPath

@Suite("Namespace cache: gets and changes")
struct CacheTests {
    private static func loaded(_ names: [String], of kind: KindTable.Entry) throws -> CacheHarness {
        let harness = try CacheHarness()
        for name in names { harness.store.put(kind.key(name), #"{"category":"c"}"#) }
        try harness.load(kind)
        return harness
    }

    @Test("A collection answers only once it is installed")
    func coldBeforeInstall() throws {
        let harness = try CacheHarness()
        let row = harness.store.put(Kind.agent.key("a"), "{}")
        #expect(try harness.isCold(Kind.agent))
        try harness.cache.beginCopy(of: Kind.agent)
        #expect(try harness.isCold(Kind.agent))
        try harness.cache.copy([row], of: Kind.agent)
        #expect(try harness.isCold(Kind.agent))
        #expect(try harness.cache.loadedKinds().isEmpty)
        #expect(try harness.follow(installing: [Kind.agent.number]).isEmpty)
        #expect(try harness.cache.loadedKinds() == [Kind.agent.number])
        #expect(try harness.source("a", of: Kind.agent) == "s1")
        // Absence is an answer of this collection, and still not of others.
        #expect(try harness.source("b", of: Kind.agent) == nil)
        #expect(try harness.isCold(Kind.mcp))
    }

    @Test("Rows are refused for a collection that is not being copied")
    func copyWithoutBegin() throws {
        let harness = try Self.loaded(["a"], of: Kind.agent)
        let rows = harness.store.rows(of: Kind.agent)
        #expect(code { try harness.cache.copy(rows, of: Kind.agent) } == .outOfOrder)
        #expect(code { try harness.cache.copy(rows, of: Kind.mcp) } == .outOfOrder)
    }

    @Test("Names that differ in case only are different names")
    func caseOfNames() throws {
        let harness = try Self.loaded(["abc", "ABC", "Abcd", "ÀB", "àb"], of: Kind.agent)
        for name in ["abc", "ABC", "Abcd", "ÀB", "àb"] {
            guard case .hit(let answer?, _) = try harness.get(name, of: Kind.agent) else {
                Issue.record("\(name) is missing")
                continue
            }
            #expect(CacheHarness.name(answer.body) == name)
        }
        #expect(try harness.source("aBC", of: Kind.agent) == nil)
        #expect(try harness.source("ab", of: Kind.agent) == nil)
        #expect(try harness.source("", of: Kind.agent) == nil)
    }

    @Test("Names that only look alike are different names")
    func lookAlikes() throws {
        // The Kelvin sign, the letter K, and an ä in both of its spellings.
        let names = ["\u{212A}", "K", "\u{E4}", "a\u{308}"]
        let harness = try Self.loaded([names[0], names[2]], of: Kind.agent)
        #expect(try harness.source("K", of: Kind.agent) == nil)
        #expect(try harness.source(names[3], of: Kind.agent) == nil)
        for name in [names[1], names[3]] { harness.store.put(Kind.agent.key(name), "{}") }
        #expect(try harness.follow().isEmpty)
        harness.store.delete(Kind.agent.key("K"))
        #expect(try harness.follow().isEmpty)
        #expect(try harness.source(names[0], of: Kind.agent) == "s1")
        #expect(try harness.source("K", of: Kind.agent) == nil)
        try harness.cache.verify()
    }

    @Test("Of one name in several sources the first in precedence answers")
    func sources() throws {
        let harness = try CacheHarness()
        for source in ["api", "beta", "alpha"] {
            harness.store.put(Kind.agent.key("a", source: source), "{}")
        }
        try harness.load(Kind.agent)
        #expect(try harness.source("a", of: Kind.agent) == "alpha")
        let order = SourcePrecedence(["agents": ["beta", "alpha", "beta"]])
        #expect(try harness.source("a", of: Kind.agent, precedence: order) == "beta")
        let other = SourcePrecedence(["mcp": ["beta"]])
        #expect(try harness.source("a", of: Kind.agent, precedence: other) == "alpha")
        #expect(try harness.source("a", source: "api", of: Kind.agent, precedence: order) == "api")
        #expect(try harness.source("a", source: "none", of: Kind.agent) == nil)
    }

    @Test("A get and a row get pick the same entity")
    func rowGet() throws {
        let harness = try CacheHarness()
        for (name, source) in [("a", "z"), ("A", "y"), ("a", "x"), ("a", "w")] {
            harness.store.put(Kind.mcp.key(name, source: source), #"{"toolCount":1}"#)
        }
        try harness.load(Kind.mcp)
        let rows = harness.store.rows(of: Kind.mcp)
        for precedence in [SourcePrecedence(), SourcePrecedence(["mcp": ["z"]])] {
            for source in [nil, "x", "none"] {
                let expected = try RowGet.answer(
                    named: "a", source: source, of: Kind.mcp, precedence: precedence, rows: rows)
                let read = try harness.get(
                    "a", source: source, of: Kind.mcp, precedence: precedence)
                guard case .hit(let answer, _) = read else {
                    Issue.record("cold")
                    continue
                }
                #expect(answer == expected)
                #expect((answer == nil) == (source == "none"))
            }
        }
    }

    @Test("Replacing, deleting and renaming leave no trace of the old entity")
    func changes() throws {
        let harness = try Self.loaded(["a", "b", "c"], of: Kind.agent)
        harness.store.put(Kind.agent.key("a"), #"{"category":"new"}"#)
        harness.store.delete(Kind.agent.key("b"))
        let id = try #require(harness.store[Kind.agent.key("c")]).id
        harness.store.delete(Kind.agent.key("c"))
        harness.store.put(Kind.agent.key("d"), #"{"category":"c"}"#, id: id)
        #expect(try harness.follow().isEmpty)
        #expect(try harness.names(Kind.agent) == ["a", "d"])
        #expect(try harness.names(Kind.agent, ["filterQuery": "category='c'"]) == ["d"])
        #expect(try harness.names(Kind.agent, ["filterQuery": "category='new'"]) == ["a"])
        #expect(try harness.source("b", of: Kind.agent) == nil)
        #expect(try harness.source("c", of: Kind.agent) == nil)
        try harness.cache.verify()
        let state = try #require(try harness.cache.state(of: Kind.agent))
        let bytes = harness.store.rows(of: Kind.agent)
            .reduce(0) { $0 + CacheRecord.build($1, kind: Kind.agent).bytes.count }
        #expect(state.recordBytes == bytes)
        #expect(state.entityCount == 2)
    }

    @Test("An answer says which revision and digest it shows")
    func stamps() throws {
        let harness = try Self.loaded(["a"], of: Kind.agent)
        try harness.load(Kind.mcp)
        harness.store.put(Kind.mcp.key("m"), "{}")
        try harness.follow()
        guard case .hit(let answer?, let stamp) = try harness.get("a", of: Kind.agent) else {
            Issue.record("a is missing")
            return
        }
        let row = try #require(harness.store[Kind.agent.key("a")])
        #expect(answer.revision == row.revision)
        #expect(answer.digest == EntityDigest.digest(of: row))
        #expect(stamp.revision == harness.store.revision)
        #expect(stamp.epoch == harness.store.epoch)
        #expect(stamp.collectionRevision == row.revision)
        #expect(stamp.collectionDigest == EntityDigest.digest(of: row))
    }

    @Test("Entities of kinds that no plugin defines are passed over")
    func unknownKind() throws {
        let harness = try Self.loaded(["a"], of: Kind.agent)
        harness.store.put(EntityKey(plugin: "x", kind: "Y", source: "s", name: "n"), "{}")
        #expect(try harness.follow().isEmpty)
        #expect(try harness.names(Kind.agent) == ["a"])
        #expect(try harness.cache.header()?.revision == harness.store.revision)
    }

    @Test("A multi-row change is seen whole or not at all")
    func atomicity() async throws {
        let harness = try CacheHarness()
        let keys = (0..<10).map { Kind.mcp.key("m\($0)") }
        harness.store.put(keys.map { ($0, #"{"toolCount":0}"#) })
        try harness.load(Kind.mcp)
        let cache = harness.cache
        let query = try harness.query(Kind.mcp)
        let reader = Task {
            var distinct: Set<Int> = []
            var seen = 0
            while seen < 300, !Task.isCancelled {
                guard case .hit(let page, _) = try cache.list(query) else { return distinct }
                let bodies = page.bodies.map { String(decoding: $0, as: UTF8.self) }
                let counts = Set(bodies.map { $0.split(separator: #""toolCount":"#)[1].prefix(3) })
                distinct.insert(counts.count)
                seen += 1
            }
            return distinct
        }
        for round in 1...60 {
            harness.store.put(keys.map { ($0, #"{"toolCount":\#(100 + round)}"#) })
            try harness.follow()
        }
        #expect(try await reader.value == [1])
    }
}
