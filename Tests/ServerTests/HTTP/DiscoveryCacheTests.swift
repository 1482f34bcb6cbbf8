import Compression
import Testing

@testable import Server

@Suite("Kept discovery answers")
struct DiscoveryCacheTests {
    private static let body = Array("{}\n".utf8)

    @Test("are at hand until everything is forgotten")
    func forgotten() throws {
        let cache = DiscoveryCache(capacity: 2)
        #expect(cache.kept(for: "a") == nil)
        cache.keep(RenderedAnswer(Self.body), for: "a", .seconds(60))
        let kept = try #require(cache.kept(for: "a"))
        #expect(cache.isCurrent(kept))
        cache.removeAll()
        #expect(!cache.isCurrent(kept) && cache.kept(for: "a") == nil)
    }

    @Test("are at hand until they expire")
    func expired() throws {
        let cache = DiscoveryCache(capacity: 2)
        let past = ContinuousClock.now.advanced(by: .seconds(-120))
        cache.keep(RenderedAnswer(Self.body), for: "a", .seconds(60), now: past)
        #expect(cache.kept(for: "a") == nil)
    }

    @Test("know the tags of their forms by bytes")
    func tags() {
        let answer = RenderedAnswer(Self.body)
        for coding in ContentCoding.allCases {
            let tag = Array(answer.tag(of: coding).utf8)
            #expect(answer.tagBytes(of: coding) == tag)
            #expect(answer.coding(ofTag: tag.span) == coding)
            #expect(answer.coding(ofTag: (tag + [32]).span) == nil)
        }
        #expect(answer.coding(ofTag: Array("*".utf8).span) == nil)
    }
}
