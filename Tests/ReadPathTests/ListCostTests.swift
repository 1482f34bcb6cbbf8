import CatalogModel
import Testing

@testable import ReadPath

/// What a list looks at, measured by the bound under which it still answers.
@Suite("The cost of lists")
struct ListCostTests {
    private static let sizes = [500, 5_000]
    private static let page = ["pageSize": "10"]

    private static func harness(_ count: Int) throws -> CacheHarness {
        let harness = try CacheHarness()
        for number in 0..<count {
            let text = String(repeating: "0", count: 6 - String(number).count) + String(number)
            harness.store.put(
                Kind.agent.key("agent-\(text)"),
                #"{"category":"c\(number % (count / 10))","instructions":"i\(number % 7)"}"#)
            harness.store.put(
                Kind.mcp.key("mcp-\(text)"),
                #"""
                {"provider":"p\#(number % 2)","category":"c\#(number % (count / 10))",
                "toolCount":\#(number),"description":"d\#(number % 5)"}
                """#)
        }
        try harness.load(Kind.agent, slice: 1_000)
        try harness.load(Kind.mcp, slice: 1_000)
        return harness
    }

    /// Whether a list answers when it may look at so many entities.
    private static func answers(
        _ harness: CacheHarness, _ kind: KindTable.Entry, _ parameters: [String: String],
        _ limit: Int
    ) throws -> Bool {
        var query = try harness.query(kind, parameters)
        query.scanLimit = limit
        do throws(ReadError) {
            guard case .hit = try harness.cache.list(query) else { return false }
            return true
        } catch {
            guard error.code == .tooBroad else { throw error }
            return false
        }
    }

    private static let indexed: [(plugin: String, parameters: [String: String], visits: Int)] = [
        // Ten entities have a category, whatever the size.
        ("agents", ["filterQuery": "category = 'c3'"], 10),
        ("agents", ["filterQuery": "category IN ('c3','c4') AND instructions = 'i1'"], 20),
        ("agents", ["filterQuery": "name LIKE 'agent-00003%'"], 10),
        ("agents", ["filterQuery": "name >= 'agent-000120' AND name < 'agent-000130'"], 11),
        ("agents", [:], 11), ("agents", ["sortOrder": "DESC"], 11),
        ("agents", ["orderBy": "category", "sortOrder": "DESC"], 11),
        ("mcp", [:], 11), ("mcp", ["orderBy": "toolCount", "sortOrder": "DESC"], 11),
        ("mcp", ["filterQuery": "toolCount >= 90 AND toolCount < 100"], 11),
        ("mcp", ["filterQuery": "toolCount = 77"], 1),
        ("mcp", ["filterQuery": "category = 'c3'", "orderBy": "NAME"], 10),
        // Half of all match: the page is full after about two pages in order.
        ("mcp", ["filterQuery": "provider = 'p1'", "orderBy": "NAME"], 24),
        ("mcp", ["filterQuery": "name LIKE 'mcp-0001%'", "orderBy": "NAME"], 11),
    ]

    @Test("does not grow with the collection where an index helps", arguments: sizes)
    func constant(size: Int) throws {
        let harness = try Self.harness(size)
        for (plugin, parameters, visits) in Self.indexed {
            let kind = plugin == "mcp" ? Kind.mcp : Kind.agent
            let parameters = parameters.merging(Self.page) { first, _ in first }
            #expect(try Self.answers(harness, kind, parameters, visits), "\(parameters)")
        }
    }

    @Test("of a later page is that of the first")
    func laterPages() throws {
        let harness = try Self.harness(Self.sizes[0])
        for parameters in [["orderBy": "NAME"], ["orderBy": "toolCount"], [:]] {
            var parameters = parameters.merging(["pageSize": "50"]) { first, _ in first }
            var names: [String] = []
            while true {
                #expect(try Self.answers(harness, Kind.mcp, parameters, 52))
                let page = try harness.page(Kind.mcp, parameters)
                names += page.bodies.map(CacheHarness.name)
                guard let token = page.nextToken else { break }
                parameters["pageToken"] = token
            }
            #expect(Set(names).count == Self.sizes[0])
        }
    }

    @Test("is bounded: a list that would look at more is refused, and never cut short")
    func refusal() throws {
        let harness = try Self.harness(Self.sizes[0])
        for (kind, parameters) in [
            (Kind.agent, ["filterQuery": "instructions = 'i1'"]),
            (Kind.agent, ["orderBy": "instructions"]),
            (Kind.mcp, ["filterQuery": "description LIKE '%zzz%'"]),
            (Kind.mcp, ["filterQuery": "description LIKE '%zzz%' AND provider = 'p1'"]),
        ] {
            #expect(try !Self.answers(harness, kind, parameters, 100), "\(parameters)")
            #expect(try Self.answers(harness, kind, parameters, 500), "\(parameters)")
        }
        // An order in which the matches come late is given up for the index.
        let late = ["filterQuery": "toolCount >= 480", "orderBy": "NAME"]
        #expect(try Self.answers(harness, Kind.mcp, late, 20))
        #expect(try harness.page(Kind.mcp, late).bodies.count == 20)
    }
}
