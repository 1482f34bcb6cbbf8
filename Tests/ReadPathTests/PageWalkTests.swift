import CatalogModel
import Testing

@testable import ReadPath

@Suite("Lists: walking through pages")
struct PageWalkTests {
    private static func harness(_ kind: KindTable.Entry, count: Int) throws -> CacheHarness {
        let harness = try CacheHarness()
        var generator = SeededGenerator(state: 4)
        for number in (0..<count).shuffled(using: &generator) {
            harness.store.put(kind.key(name(number)), doc(number))
        }
        try harness.load(kind)
        return harness
    }

    private static func name(_ number: Int) -> String {
        (number.isMultiple(of: 3) ? "N" : "n") + String(number % 17) + "-\(number)"
    }

    /// Few distinct values, so that the id decides often.
    private static func doc(_ number: Int) -> String {
        let text = #"{"category":"c\#(number % 4)","provider":"p\#(number % 3)","#
        let properties = #""customProperties":{"p":{"int_value":"\#(number % 5)"}},"#
        let artifact = #"{"uri":"u","customProperties":{"m":{"double_value":\#(number % 6)}}}"#
        return text + (number.isMultiple(of: 2) ? properties : "")
            + #""description":"d\#(number % 5)","artifacts":[\#(artifact)]}"#
    }

    static let orders: [(KindTable.Entry, String)] = [
        (Kind.agent, "name"), (Kind.agent, "category"), (Kind.agent, "description"),
        (Kind.mcp, "ID"), (Kind.mcp, "NAME"), (Kind.mcp, "category"), (Kind.mcp, "description"),
        (Kind.mcp, "LAST_UPDATE_TIME"), (Kind.model, "NAME"), (Kind.model, "ID"),
        (Kind.model, "provider"), (Kind.model, "p.int_value"),
        (Kind.model, "artifacts.m.double_value"),
    ]

    @Test("Every match is shown exactly once", arguments: orders.indices, ["ASC", "DESC"])
    func complete(_ index: Int, _ direction: String) throws {
        let (kind, order) = Self.orders[index]
        let harness = try Self.harness(kind, count: 24)
        let equality = kind.plugin.name == "agents" ? "category = 'c1'" : "provider = 'p1'"
        for filter in ["", "name LIKE '%1%'", equality, "description != 'd0'"] {
            var parameters = ["orderBy": order, "sortOrder": direction, "filterQuery": filter]
            parameters["pageSize"] = "1000"
            let whole = try harness.names(kind, parameters)
            let matches = try harness.page(kind, parameters).total
            #expect(Set(whole).count == whole.count)
            #expect(filter.isEmpty ? whole.count == 24 : (1..<24).contains(whole.count))
            #expect(matches == whole.count)
            for size in [1, 2, 7] {
                parameters["pageSize"] = String(size)
                let pages = try harness.walk(kind, parameters)
                #expect(pages.flatMap { $0 } == whole)
                #expect(pages.dropLast().allSatisfy { $0.count == size })
                #expect(pages.last?.isEmpty == false)
            }
        }
    }

    @Test(
        "Changes during a walk neither repeat nor hide what they do not touch",
        arguments: orders.indices, ["ASC", "DESC"])
    func underChange(_ index: Int, _ direction: String) throws {
        let (kind, order) = Self.orders[index]
        let harness = try Self.harness(kind, count: 45)
        var untouched = Set(harness.store.rows(of: kind).map(\.key.name))
        var generator = SeededGenerator(state: UInt64(index) * 2 + (direction == "ASC" ? 0 : 1))
        var fresh = 1000
        let parameters = ["orderBy": order, "sortOrder": direction, "pageSize": "4"]
        let seen = try harness.walk(kind, parameters) {
            for _ in 0..<2 {
                let victim = try #require(untouched.sorted().randomElement(using: &generator))
                untouched.remove(victim)
                harness.store.delete(kind.key(victim))
                fresh += 1
                // Only for a while: the walk must come to its end.
                if fresh < 1030 { harness.store.put(kind.key(Self.name(fresh)), Self.doc(fresh)) }
            }
            #expect(try harness.follow().isEmpty)
        }.flatMap { $0 }
        #expect(Set(seen).count == seen.count)
        #expect(untouched.isSubset(of: seen))
    }
}
