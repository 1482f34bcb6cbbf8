import CatalogModel
import LMDB
import Testing

@testable import ReadPath

@Suite("Lists: order and selection")
struct ListOrderTests {
    private static func harness(
        _ kind: KindTable.Entry, _ rows: [(name: String, doc: String)], source: String = "s1"
    ) throws -> CacheHarness {
        let harness = try CacheHarness()
        for row in rows { harness.store.put(kind.key(row.name, source: source), row.doc) }
        try harness.load(kind)
        return harness
    }

    @Test("Names are ordered without regard to case, equal ones by id")
    func names() throws {
        let harness = try Self.harness(
            Kind.agent, ["b", "C", "a", "B", "é", "É", "a b", "ab", "a-b"].map { ($0, "{}") })
        let sorted = ["a", "a b", "a-b", "ab", "b", "B", "C", "é", "É"]
        #expect(try harness.names(Kind.agent) == sorted)
        #expect(try harness.names(Kind.agent, ["orderBy": "name"]) == sorted)
        #expect(try harness.names(Kind.agent, ["orderBy": "unknown"]) == sorted)
        #expect(try harness.names(Kind.agent, ["sortOrder": "desc"]) == sorted.reversed())
        #expect(try harness.names(Kind.agent, ["sortOrder": "sideways"]) == sorted)
    }

    @Test("Entities without the field come first ascending and last descending")
    func fields() throws {
        let long = String(repeating: "x", count: 240)
        let harness = try Self.harness(
            Kind.agent,
            [
                ("n1", #"{"category":"Beta","description":"\#(long)2"}"#), ("n2", "{}"),
                ("n3", #"{"category":"alpha","description":"\#(long)1"}"#),
                ("n4", #"{"category":"beta","description":"y"}"#),
                ("n5", #"{"category":7,"description":"X"}"#),
            ])
        let byCategory = ["n2", "n5", "n3", "n1", "n4"]
        #expect(try harness.names(Kind.agent, ["orderBy": "category"]) == byCategory)
        let down = ["orderBy": "category", "sortOrder": "DESC"]
        #expect(try harness.names(Kind.agent, down) == byCategory.reversed())
        // No index, and texts that are equal as far as they count.
        let byText = ["n2", "n5", "n1", "n3", "n4"]
        #expect(try harness.names(Kind.agent, ["orderBy": "description"]) == byText)
    }

    @Test("Numbers are ordered as numbers")
    func numbers() throws {
        let harness = try Self.harness(
            Kind.mcp, [9, 10, -1, 0].map { ("n\($0)", #"{"toolCount":\#($0)}"#) })
        #expect(
            try harness.names(Kind.mcp, ["orderBy": "toolCount"]) == ["n-1", "n0", "n9", "n10"])
    }

    @Test("Ids are ordered as numbers, across signs", arguments: ["ID", "id", "unknown", ""])
    func ids(_ order: String) throws {
        let harness = try CacheHarness()
        // Neither in the order of the names nor in that of their lowest or highest byte.
        let ids: [Int64] = [5, 100, 20, -3, 256, 70_000, -70_000, 1 << 50, 1 << 40, .min]
        for id in ids { harness.store.put(Kind.mcp.key("n\(id)"), "{}", id: id) }
        try harness.load(Kind.mcp)
        let sorted = ids.sorted().map { "n\($0)" }
        #expect(try harness.names(Kind.mcp, ["orderBy": order]) == sorted)
        // The entries that changes make lie where those of a copy do.
        for id in ids where id.isMultiple(of: 5) {
            harness.store.put(Kind.mcp.key("n\(id)"), #"{"category":"x"}"#, id: id)
        }
        #expect(try harness.follow().isEmpty)
        #expect(try harness.names(Kind.mcp, ["orderBy": order]) == sorted)
        let down = ["orderBy": order, "sortOrder": "DESC"]
        #expect(try harness.names(Kind.mcp, down) == sorted.reversed())
        #expect(
            try harness.walk(Kind.mcp, down.merging(["pageSize": "1"]) { $1 }).count == ids.count)
    }

    @Test("Of several artifacts the least counts ascending and the greatest descending")
    func artifacts() throws {
        func doc(_ values: [String]) -> String {
            let artifacts = values.map {
                #"{"uri":"u","customProperties":{"p":\#($0),"overall_average":\#($0)}}"#
            }
            return #"{"artifacts":[\#(artifacts.joined(separator: ","))]}"#
        }
        func double(_ value: Double) -> String { #"{"double_value":\#(value)}"# }
        let harness = try Self.harness(
            Kind.model,
            [
                ("wide", doc([double(1), double(9)])), ("none", "{}"),
                ("text", doc([#"{"string_value":"5"}"#])), ("mid", doc([double(4), double(5)])),
                ("low", doc([double(2), double(3)])),
            ])
        for order in ["artifacts.p.double_value", "ACCURACY"] {
            #expect(
                try harness.names(Kind.model, ["orderBy": order])
                    == ["wide", "low", "mid", "none", "text"])
            #expect(
                try harness.names(Kind.model, ["orderBy": order, "sortOrder": "DESC"])
                    == ["wide", "mid", "low", "text", "none"])
        }
    }

    @Test("Custom properties order by their type, entities without one come last")
    func customProperties() throws {
        func doc(_ value: String) -> String { #"{"customProperties":{"p":\#(value)}}"# }
        let harness = try Self.harness(
            Kind.model,
            [
                ("two", doc(#"{"int_value":"2"}"#)), ("none", "{}"),
                ("ten", doc(#"{"int_value":"10"}"#)), ("text", doc(#"{"string_value":"1"}"#)),
            ])
        let order = ["orderBy": "p.int_value"]
        #expect(try harness.names(Kind.model, order) == ["two", "ten", "none", "text"])
        let down = order.merging(["sortOrder": "DESC"]) { $1 }
        #expect(try harness.names(Kind.model, down) == ["ten", "two", "text", "none"])
    }

    @Test("The text search looks at the searched fields, whatever their case")
    func search() throws {
        let harness = try Self.harness(
            Kind.model,
            [
                ("one", #"{"description":"Big MODEL"}"#), ("two", #"{"tasks":["x","Modeling"]}"#),
                ("three", #"{"license":"model"}"#), ("supermodel", "{}"),
                ("four", #"{"description":"\#(String(repeating: "x", count: 400)) model"}"#),
            ])
        #expect(
            try harness.names(Kind.model, ["q": "mOdEl"]) == ["four", "one", "supermodel", "two"])
        #expect(try harness.names(Kind.model, ["q": ""]).count == 5)
        #expect(try harness.names(Kind.model, ["q": "nothing"]).isEmpty)
    }

    @Test("Lists without a text search ignore its parameter")
    func noSearch() throws {
        let harness = try Self.harness(Kind.agent, [("a", "{}"), ("b", "{}")])
        #expect(try harness.names(Kind.agent, ["q": "a"]) == ["a", "b"])
    }

    @Test("Only the asked sources are listed and counted")
    func sources() throws {
        let harness = try CacheHarness()
        for (name, source) in [("a", "x"), ("b", "y"), ("c", "x"), ("d", "z")] {
            harness.store.put(Kind.agent.key(name, source: source), "{}")
        }
        try harness.load(Kind.agent)
        #expect(try harness.names(Kind.agent, sources: ["x", "z"]) == ["a", "c", "d"])
        #expect(try harness.page(Kind.agent, ["pageSize": "1"], sources: ["x"]).total == 2)
        #expect(try harness.names(Kind.agent, sources: []).isEmpty)
        let filter = ["filterQuery": "sourceId IN ('x', 'y')"]
        #expect(try harness.names(Kind.agent, filter, sources: ["y", "z"]) == ["b"])
    }

    @Test(
        "An equality finds the same by index as by looking at everything",
        arguments: [
            "toolCount = 5", "toolCount IN (5, 6)", "toolCount = 5.0", "verified = true",
            "provider = 'Ab'", "provider = 'ab'", "provider IN ('Ab', 'AB', 'x')",
            "provider = 'Ä'", "provider = 'A\u{308}'", "name = 'n5'", "name = 'N5'",
            "provider.string_value = 'Ab'", "toolCount.string_value = '5'",
            "provider.int_value = 5", "toolCount = 5 AND provider = 'ab'", "id = 3",
            "createTimeSinceEpoch > 0", "source_id = 's1'",
        ])
    func equality(_ filter: String) throws {
        let harness = try Self.harness(Kind.mcp, Self.equalityRows)
        let direct = try harness.names(Kind.mcp, ["filterQuery": filter])
        let scanned = try harness.names(
            Kind.mcp, ["filterQuery": "(\(filter)) OR (name = 'no' AND name = 'such')"])
        #expect(direct == scanned)
    }

    @Test(
        "An equality without regard to case and type finds the same by index",
        arguments: [
            "category = 'ab'", "category = 'AB'", "category IN ('AB', 5)", "category = 5",
            "category = 'Ä'", "category = 'a\u{308}'", "name = 'N5'", "name IN ('n1', 'N2')",
            "category.int_value = 5", "category.string_value = 'AB'", "category = true",
        ])
    func catalogEquality(_ filter: String) throws {
        let harness = try Self.harness(
            Kind.agent,
            [
                ("n1", #"{"category":"Ab"}"#), ("n2", #"{"category":"5"}"#),
                ("n3", "{\"category\":\"a\u{308}\"}"), ("n4", #"{"category":"Ä"}"#),
                ("n5", #"{"category":"true"}"#), ("n6", "{}"),
            ])
        let direct = try harness.names(Kind.agent, ["filterQuery": filter])
        let scanned = try harness.names(
            Kind.agent, ["filterQuery": "(\(filter)) OR (name = 'no' AND name = 'such')"])
        #expect(direct == scanned)
    }

    private static let equalityRows: [(name: String, doc: String)] = [
        ("n1", #"{"toolCount":5,"provider":"Ab","verified":true}"#),
        ("n2", #"{"toolCount":6,"provider":"ab","verified":false}"#),
        ("n3", #"{"toolCount":50,"provider":"AB"}"#), ("n4", #"{"provider":"Ä"}"#),
        ("n5", "{\"provider\":\"A\u{308}\",\"toolCount\":5}"), ("n6", #"{"provider":"5"}"#),
        ("N5", "{}"),
    ]

    @Test("An equality reads its matches only")
    func equalityTouches() throws {
        let harness = try Self.harness(
            Kind.mcp, (0..<50).map { ("n\($0)", #"{"toolCount":\#($0)}"#) })
        try harness.damage(Kind.mcp, except: ["n7"])
        #expect(try harness.names(Kind.mcp, ["filterQuery": "toolCount = 7"]) == ["n7"])
        #expect(try harness.names(Kind.mcp, ["filterQuery": "name = 'n7'"]) == ["n7"])
        #expect(
            code { _ = try harness.names(Kind.mcp, ["filterQuery": "toolCount > 6"]) } == .damaged)
    }

    @Test(
        "A page of everything reads no record beyond the one behind it",
        arguments: [nil, "name", "category", "ID"], ["ASC", "DESC"])
    func defaultTouches(_ order: String?, _ direction: String) throws {
        for kind in [Kind.agent, Kind.mcp, Kind.model] {
            let harness = try Self.harness(
                kind,
                (10..<60).map { ("n\($0)", #"{"category":"e\#($0)"}"#) })
            var parameters = ["pageSize": "5", "sortOrder": direction]
            parameters["orderBy"] = order
            let all = try harness.walk(kind, parameters).flatMap { $0 }
            #expect(all.count == 50)
            let token = try #require(try harness.page(kind, parameters).nextToken)
            // The first page and the next record; the second page, its predecessor and successor.
            try harness.damage(kind, except: Set(all.prefix(11)))
            #expect(try harness.names(kind, parameters) == Array(all.prefix(5)))
            #expect(try harness.page(kind, parameters).total == 50)
            parameters[kind.kind.convention.tokenParameters[0]] = token
            #expect(try harness.names(kind, parameters) == Array(all[5..<10]))
            parameters["pageSize"] = "6"
            #expect(code { _ = try harness.names(kind, parameters) } == .damaged)
        }
    }
}

extension CacheHarness {
    /// Makes the records of a collection unreadable but for those of some names.
    func damage(_ kind: KindTable.Entry, except names: Set<String>) throws {
        let rows = store.rows(of: kind).filter { !names.contains($0.key.name) }
        let cache = cache
        try cache.environment.write(throwing: ReadError.self) { transaction throws(ReadError) in
            do throws(StorageError) {
                for row in rows {
                    let key = StoreLayout.entityKey(
                        kind.number, nameKey: SortKey.nameKey(row.key.name), id: row.id)
                    try transaction.put([0], for: key, in: cache.tables(of: kind).entities)
                }
            } catch {
                throw ReadError(error)
            }
        }
    }
}
