import CatalogModel
import Testing

@testable import ReadPath

@Suite("Lists: pages and envelopes")
struct ListShapeTests {
    private static func harness() throws -> CacheHarness {
        let harness = try CacheHarness()
        for kind in [Kind.agent, Kind.mcp, Kind.model] {
            for name in ["b", "a", "c"] { harness.store.put(kind.key(name), "{}") }
        }
        for kind in [Kind.agent, Kind.mcp, Kind.model] { try harness.load(kind) }
        return harness
    }

    private static func text(
        _ harness: CacheHarness, _ kind: KindTable.Entry, _ parameters: [String: String]
    ) throws -> (text: String, token: String?) {
        let query = try harness.query(kind, parameters)
        let page = try harness.page(kind, parameters)
        let bytes = page.rendered(pageSize: query.pageSize, convention: kind.kind.convention)
        return (String(decoding: bytes, as: UTF8.self), page.nextToken)
    }

    private static func pageSize(_ kind: KindTable.Entry, _ text: String?) throws -> Int {
        let parameters = text.map { ["pageSize": $0] } ?? [:]
        return try ListQuery(
            kind: kind, namespace: .default, parameters: CacheHarness.parameters(parameters)
        ).pageSize
    }

    @Test(
        "Catalog lists take any page size",
        arguments: [
            (nil, 100), ("", 100), ("x", 100), ("0", 100), ("-1", 100), ("1", 1), ("1000", 1000),
            ("1001", 1000), ("1.5", 100),
        ] as [(String?, Int)])
    func catalogPageSize(_ text: String?, _ size: Int) throws {
        #expect(try Self.pageSize(Kind.agent, text) == size)
    }

    @Test("Sizes of the typed catalogs are checked")
    func typedPageSize() throws {
        #expect(try Self.pageSize(Kind.mcp, nil) == 20)
        #expect(try Self.pageSize(Kind.mcp, "0") == ReadLimits.maxPageSize)
        #expect(try Self.pageSize(Kind.mcp, "-3") == ReadLimits.maxPageSize)
        #expect(try Self.pageSize(Kind.mcp, "5000") == 5000)
        #expect(try Self.pageSize(Kind.model, nil) == 10)
        #expect(try Self.pageSize(Kind.model, "99999999") == ReadLimits.maxPageSize)
        for (kind, text) in [
            (Kind.mcp, "x"), (Kind.mcp, "1.5"), (Kind.model, "x"), (Kind.model, "0"),
            (Kind.model, "-1"),
        ] {
            #expect(throws: RequestError.badRequest("")) { try Self.pageSize(kind, text) }
        }
    }

    @Test("A catalog list counts all matches and leaves the last token out")
    func catalogEnvelope() throws {
        let harness = try Self.harness()
        let first = try Self.text(harness, Kind.agent, ["pageSize": "2"])
        let token = try #require(first.token)
        #expect(
            first.text == #"{"items":[{"name":"a","sourceId":"s1"},{"name":"b","sourceId":"s1"}],"#
                + #""size":3,"pageSize":2,"nextPageToken":"\#(token)"}"# + "\n")
        let last = try Self.text(harness, Kind.agent, ["pageSize": "2", "pageToken": token])
        #expect(
            last.text == #"{"items":[{"name":"c","sourceId":"s1"}],"size":3,"pageSize":2}"# + "\n")
        let filtered = try Self.text(
            harness, Kind.agent, ["pageSize": "1", "filterQuery": "name != 'b'"])
        #expect(filtered.text.contains(#""size":2,"pageSize":1,"nextPageToken""#))
        let none = try Self.text(harness, Kind.agent, ["filterQuery": "name = 'x'"])
        #expect(none.text == #"{"items":[],"size":0,"pageSize":100}"# + "\n")
    }

    @Test("An MCP list counts its page, is in the order of ids, and shows no page size")
    func mcpEnvelope() throws {
        let harness = try Self.harness()
        let first = try Self.text(harness, Kind.mcp, ["pageSize": "1"])
        let token = try #require(first.token)
        let row = try #require(harness.store[Kind.mcp.key("b")])
        #expect(
            first.text == #"{"items":[{"id":"\#(row.id)","name":"b","#
                + #""createTimeSinceEpoch":"\#(row.createdAtMs)","#
                + #""lastUpdateTimeSinceEpoch":"\#(row.updatedAtMs)","sourceId":"s1"}],"#
                + #""size":1,"nextPageToken":"\#(token)"}"# + "\n")
        let all = try Self.text(harness, Kind.mcp, ["pageSize": "0"])
        #expect(all.text.hasSuffix(#"],"size":3}"# + "\n"))
        let none = try Self.text(harness, Kind.mcp, ["filterQuery": "name = 'x'"])
        #expect(none.text == #"{"items":[],"size":0}"# + "\n")
    }

    @Test("A model list has its own token parameter and an empty last token")
    func modelEnvelope() throws {
        let harness = try Self.harness()
        let first = try Self.text(harness, Kind.model, ["pageSize": "2"])
        let token = try #require(first.token)
        #expect(
            first.text.hasSuffix(#"],"size":2,"pageSize":2,"nextPageToken":"\#(token)"}"# + "\n"))
        for name in ["nextPageToken", "pageToken"] {
            let last = try Self.text(harness, Kind.model, ["pageSize": "2", name: token])
            #expect(last.text.hasPrefix(#"{"items":[{"id":""#))
            #expect(last.text.hasSuffix(#"],"size":1,"pageSize":2,"nextPageToken":""}"# + "\n"))
        }
        let none = try Self.text(harness, Kind.model, ["filterQuery": "name = 'x'"])
        #expect(none.text == #"{"items":[],"size":0,"pageSize":10,"nextPageToken":""}"# + "\n")
    }

    @Test("A token of another query is refused, one of the same query with another size is not")
    func foreignToken() throws {
        let harness = try Self.harness()
        let token = try #require(try harness.page(Kind.agent, ["pageSize": "1"]).nextToken)
        #expect(
            try harness.names(Kind.agent, ["pageSize": "9", "pageToken": token]) == ["b", "c"])
        #expect(
            try harness.names(Kind.agent, ["sortOrder": "asc", "pageToken": token]) == ["b", "c"])
        let others: [[String: String]] = [
            ["filterQuery": "name = 'a'"], ["orderBy": "category"], ["sortOrder": "DESC"],
        ]
        for other in others {
            let parameters = other.merging(["pageToken": token]) { $1 }
            #expect(throws: RequestError.badRequest("")) {
                try harness.query(Kind.agent, parameters)
            }
        }
        #expect(throws: RequestError.badRequest("")) {
            try harness.query(Kind.agent, ["pageToken": token], sources: ["s1"])
        }
        #expect(throws: RequestError.badRequest("")) {
            try harness.query(Kind.prompt, ["pageToken": token])
        }
        for token in ["MQ==", "x", String(repeating: "A", count: 40)] {
            #expect(throws: RequestError.badRequest("")) {
                try harness.query(Kind.agent, ["pageToken": token])
            }
        }
        #expect(throws: RequestError.badRequest("")) {
            try ListQuery(
                kind: Kind.agent, namespace: Namespace("other"),
                parameters: CacheHarness.parameters(["pageToken": token]))
        }
    }

    @Test("A forged token gives some page or none, and no failure")
    func forgedToken() throws {
        let harness = try Self.harness()
        let tokens = [
            PageToken(query: "", key: [], id: .min), PageToken(query: "", key: [4], id: .max),
            PageToken(query: "", key: [UInt8](repeating: 0xFF, count: 1024), id: 0),
        ]
        let orders = ["name", "category", "id", "toolCount"]
        for (order, direction) in orders.flatMap({ order in
            ["ASC", "DESC"].map { (order, $0) }
        }) {
            for kind in [Kind.agent, Kind.mcp] {
                var parameters = ["orderBy": order, "sortOrder": direction]
                let canonical = try harness.query(kind, parameters).canonical
                for token in tokens {
                    parameters["pageToken"] =
                        PageToken(query: canonical, key: token.key, id: token.id).encoded
                    #expect(try harness.names(kind, parameters).count <= 3)
                }
            }
        }
    }

    @Test("A bad filter is the client's error")
    func badFilter() throws {
        let harness = try Self.harness()
        for kind in [Kind.agent, Kind.mcp, Kind.model] {
            #expect(throws: RequestError.badRequest("")) {
                try harness.query(kind, ["filterQuery": "name ="])
            }
        }
    }
}
