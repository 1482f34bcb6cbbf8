import CatalogModel
import Testing

@testable import Server

@Suite struct `Decisions that are kept` {
    private let clock = ManualClock()

    private func cache(capacity: Int = ServerLimits.decisions) -> DecisionCache {
        let clock = clock
        return DecisionCache(capacity: capacity) { clock.now }
    }

    private func question(
        _ user: String, _ groups: [String] = [], _ action: AccessAction = .init(.assets, .get),
        _ namespace: String = "team-a"
    ) throws -> AccessQuestion {
        AccessQuestion(
            user: user, groups: groups, action: action, namespace: try Namespace(namespace))
    }

    /// Looks a decision up by the bytes of headers.
    private func known(
        _ cache: DecisionCache, _ user: String, _ groups: String,
        _ action: AccessAction = .init(.assets, .get), _ namespace: String = "team-a"
    ) throws -> Bool? {
        let (user, groups) = (Array(user.utf8), Array(groups.utf8))
        return cache.decision(
            user: user.span, groups: groups.span, action: action,
            namespace: try Namespace(namespace))
    }

    @Test func `hold for ten seconds and no longer`() throws {
        let cache = cache()
        let (yes, no) = (try question("alice"), try question("bob"))
        cache.keep(Verdict(isAllowed: true, expires: cache.expiryOfNewDecision()), on: yes)
        cache.keep(Verdict(isAllowed: false, expires: cache.expiryOfNewDecision()), on: no)
        clock.advance(by: .milliseconds(9_999))
        #expect(cache.verdict(on: yes)?.isAllowed == true)
        #expect(cache.verdict(on: no)?.isAllowed == false)
        clock.advance(by: .milliseconds(1))
        #expect(cache.verdict(on: yes) == nil)
        #expect(cache.verdict(on: no) == nil)
    }

    @Test func `are found however the groups are ordered, and by nothing else`() throws {
        let cache = cache()
        cache.keep(
            Verdict(isAllowed: true, expires: cache.expiryOfNewDecision()),
            on: try question("alice", ["b", "a", "a"]))
        #expect(cache.verdict(on: try question("alice", ["a", "b"]))?.isAllowed == true)
        let others = [
            try question("alice"), try question("alice", ["a"]), try question("alic", ["ea", "b"]),
            try question("alice", ["ab"]), try question("alice", ["a", "b", "c"]),
            try question("alice", ["a", "b"], .init(.assets, .list)),
            try question("alice", ["a", "b"], .init(.audit, .get)),
            try question("alice", ["a", "b"], .init(.assets, .get), "team-b"),
        ]
        for other in others { #expect(cache.verdict(on: other) == nil) }
    }

    @Test func `are found by the bytes of the headers, all of them`() throws {
        let cache = cache()
        cache.keep(
            Verdict(isAllowed: true, expires: cache.expiryOfNewDecision()), user: "alice".utf8,
            groups: "a, b".utf8, action: .init(.assets, .get), namespace: try Namespace("team-a"))
        #expect(try known(cache, "alice", "a, b") == true)
        #expect(try known(cache, "alice", "b, a") == nil)
        #expect(try known(cache, "alicea", ", b") == nil)
        #expect(try known(cache, "alice", "") == nil)
        #expect(try known(cache, "", "alicea, b") == nil)
        #expect(try known(cache, "alice", "a, b", .init(.assets, .list)) == nil)
        #expect(try known(cache, "alice", "a, b", .init(.assets, .get), "team-b") == nil)
        clock.advance(by: .seconds(10))
        #expect(try known(cache, "alice", "a, b") == nil)
    }

    @Test func `are bounded in number and prefer those that are asked for`() throws {
        let cache = cache(capacity: 256)
        let favourite = try question("favourite")
        cache.keep(Verdict(isAllowed: true, expires: clock.now + .seconds(60)), on: favourite)
        for index in 0..<10_000 {
            clock.advance(by: .microseconds(10))
            cache.keep(
                Verdict(isAllowed: true, expires: clock.now + .seconds(60)),
                on: try question("user-\(index)"))
            #expect(cache.verdict(on: favourite)?.isAllowed == true)
        }
        #expect(cache.count <= 512)
    }

    @Test func `a long header is not kept`() throws {
        let cache = cache()
        let groups = String(repeating: "g", count: ServerLimits.decisionKeyBytes)
        cache.keep(
            Verdict(isAllowed: true, expires: cache.expiryOfNewDecision()), user: "alice".utf8,
            groups: groups.utf8, action: .init(.assets, .get), namespace: try Namespace("team-a"))
        #expect(cache.count == 0)
    }
}
