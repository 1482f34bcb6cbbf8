import CatalogModel
import Testing

@testable import ReadPath

@Suite("Rendered pages")
struct PageCacheTests {
    private static func harness() throws -> CacheHarness {
        let harness = try CacheHarness()
        for number in 0..<30 {
            harness.store.put(Kind.agent.key("a\(number)"), #"{"category":"c\(number % 3)"}"#)
            harness.store.put(Kind.mcp.key("m\(number)"), "{}")
        }
        try harness.load(Kind.agent)
        try harness.load(Kind.mcp)
        return harness
    }

    private static func page(
        _ harness: CacheHarness, _ parameters: [String: String] = [:], target: String? = nil
    ) throws -> RenderedPage {
        let query = try harness.query(Kind.agent, parameters)
        let target = target.map { Array($0.utf8) }
        guard case .hit(let page, _) = try harness.cache.renderedPage(query, target: target) else {
            throw ReadError(.storage, "the collection is cold")
        }
        return page
    }

    private static func rendered(
        _ harness: CacheHarness, _ parameters: [String: String] = [:]
    ) throws -> [UInt8] {
        let page = try harness.page(Kind.agent, parameters)
        return page.rendered(
            pageSize: Kind.agent.kind.convention.defaultPageSize,
            convention: Kind.agent.kind.convention)
    }

    @Test("are kept until their collection changes")
    func stamps() throws {
        let harness = try Self.harness()
        let first = try Self.page(harness)
        #expect(first.body == (try Self.rendered(harness)))
        #expect(try Self.page(harness) === first)
        // Another collection of the namespace has nothing to do with it.
        harness.store.put(Kind.mcp.key("m1"), #"{"provider":"p"}"#)
        try harness.follow()
        #expect(try Self.page(harness) === first)
        harness.store.put(Kind.agent.key("a1"), #"{"category":"other"}"#)
        try harness.follow()
        let second = try Self.page(harness)
        #expect(second !== first)
        #expect(second.body != first.body)
        #expect(second.body == (try Self.rendered(harness)))
        // The old page is still what it was.
        #expect(first.stamp != second.stamp)
    }

    @Test("are found by the meaning of a request, not by its spelling")
    func spelling() throws {
        let harness = try Self.harness()
        let first = try Self.page(harness, ["filterQuery": "category = 'c1'"])
        #expect(try Self.page(harness, ["filterQuery": "  category='c1'  "]) === first)
        #expect(try Self.page(harness, ["filterQuery": "category = 'c2'"]) !== first)
        #expect(
            try Self.page(harness, ["filterQuery": "category = 'c1'", "pageSize": "2"]) !== first)
        let token = try #require(try harness.page(Kind.agent, ["pageSize": "2"]).nextToken)
        let next = try Self.page(harness, ["pageSize": "2", "pageToken": token])
        #expect(try Self.page(harness, ["pageSize": "2"]).body != next.body)
    }

    @Test("are found by the target as it was sent, while they are current")
    func targets() throws {
        let harness = try Self.harness()
        let target = Array("/agents?pageSize=5".utf8)
        func kept() throws -> RenderedPage? {
            guard case .hit(let page, _) = try harness.cache.renderedPage(forTarget: target.span)
            else { return nil }
            return page
        }
        #expect(try kept() == nil)
        let page = try Self.page(harness, ["pageSize": "5"], target: "/agents?pageSize=5")
        #expect(try kept() === page)
        harness.store.put(Kind.agent.key("a1"), "{}")
        try harness.follow()
        #expect(try kept() == nil)
        let fresh = try Self.page(harness, ["pageSize": "5"])
        #expect(try kept() === fresh)
        harness.cache.suspend()
        #expect(try kept() == nil)
    }

    @Test("are found by the spellings that were sent last")
    func manySpellings() throws {
        let harness = try Self.harness()
        func kept(_ target: String) throws -> Bool {
            guard
                case .hit = try harness.cache.renderedPage(forTarget: Array(target.utf8).span)
            else { return false }
            return true
        }
        _ = try Self.page(harness)
        let before = harness.cache.pages.bytes
        var full = 0
        for number in 0..<100 {
            _ = try Self.page(harness, target: "/agents?n=\(100 + number)")
            if number == ReadLimits.maxTargetsPerPage { full = harness.cache.pages.bytes }
        }
        #expect(harness.cache.pages.bytes == full && full > before)
        for number in 0..<100 {
            let isRecent = number >= 100 - ReadLimits.maxTargetsPerPage
            #expect(try kept("/agents?n=\(100 + number)") == isRecent)
        }
    }

    @Test("stay within their bytes, and the namespace with the most of them pays")
    func budget() throws {
        let library = PageLibrary(maxBytes: 100_000)
        let (small, large) = (PageShelf(library: library), PageShelf(library: library))
        let stamp = PageStamp(
            CacheStamp(
                epoch: Epoch("e"), revision: .zero, digest: 0, collectionRevision: .zero,
                collectionDigest: 0, entityCount: 0))
        func keep(_ key: String, _ shelf: PageShelf) {
            shelf.keep(
                RenderedPage(
                    key: key, kind: Kind.agent, stamp: stamp,
                    body: Array(repeating: 1, count: 4_000)))
        }
        keep("kept", small)
        for number in 0..<100 {
            keep("page \(number)", large)
            #expect(library.usedBytes <= library.maxBytes)
        }
        #expect(small.page(for: "kept", stamp: stamp) != nil)
        #expect(large.page(for: "page 99", stamp: stamp) != nil)
        #expect(large.page(for: "page 0", stamp: stamp) == nil)
        #expect(library.usedBytes == small.bytes + large.bytes)
        // What is used stays before what is not.
        for number in 100..<200 {
            _ = large.page(for: "page 99", stamp: stamp)
            keep("page \(number)", large)
        }
        #expect(large.page(for: "page 99", stamp: stamp) != nil)
        large.close()
        keep("late", large)
        #expect(library.usedBytes == small.bytes)
    }
}
