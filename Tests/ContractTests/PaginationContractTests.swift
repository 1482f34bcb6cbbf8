import CatalogModel
import TestSupport
import Testing

@Suite("Pages", .turns, .timeLimit(.minutes(5)))
struct PaginationContractTests {
    @Test("pages of every size hold each entity once, in one order", arguments: Catalog.all)
    func walk(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let whole = try await client.hit("\(catalog.list)?pageSize=1000").names()
        for pageSize in [1, 2, 7, whole.count, whole.count + 1] {
            let (names, pages) = try await client.walk(catalog, pageSize: pageSize)
            #expect(names == whole)
            #expect(pages == (whole.count + pageSize - 1) / pageSize, "page size \(pageSize)")
        }
    }

    @Test("pages under an order, backwards and under a filter", arguments: Catalog.all)
    func walkShaped(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let column = try #require(catalog.columns.last { !catalog.unsortable.contains($0) })
        for shape in [
            ["orderBy": column], ["orderBy": column, "sortOrder": "DESC"],
            ["sortOrder": "desc"], ["filterQuery": "name LIKE '%a%'", "orderBy": column],
        ] {
            var parameters = shape
            parameters["pageSize"] = "1000"
            let path = parameters.map { "\($0.key)=\(encoded($0.value))" }.joined(separator: "&")
            let whole = try await client.hit("\(catalog.list)?\(path)").names()
            let walked = try await client.walk(catalog, pageSize: 3, shape).names
            #expect(walked == whole, "\(shape)")
        }
    }

    @Test(
        "a catalog list counts all matches and drops the token at the end",
        arguments: Catalog.memoryPlugins)
    func catalogEnvelope(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let all = try await client.get(catalog.list)
        let count = try all.items().count
        #expect(try all.body("size")?.intValue == Int64(count))
        #expect(try all.body("pageSize")?.intValue == 100)
        #expect(try all.body("nextPageToken") == nil)
        let one = try await client.get("\(catalog.list)?pageSize=1")
        #expect(try one.items().count == 1)
        #expect(try one.body("size")?.intValue == Int64(count))
        #expect(try one.body("pageSize")?.intValue == 1)
        #expect(try one.nextToken() != nil)
    }

    @Test("an MCP list counts the page and drops the token at the end")
    func mcpEnvelope() async throws {
        let client = try await SharedServer.get().client
        let one = try await client.get("\(Catalog.mcp.list)?pageSize=1")
        #expect(try one.body("size") == 1)
        #expect(try one.nextToken() != nil)
        let first = try await client.get(Catalog.mcp.list)
        #expect(try first.items().count == 20)
        #expect(try first.body("size") == 20)
        for size in ["0", "-5", "1000"] {
            let all = try await client.get("\(Catalog.mcp.list)?pageSize=\(size)")
            #expect(try all.items().count > 20)
            #expect(try all.body("nextPageToken") == nil)
        }
    }

    @Test("a model list counts the page and ends with an empty token")
    func modelEnvelope() async throws {
        let client = try await SharedServer.get().client
        let first = try await client.get(Catalog.model.list)
        #expect(try first.items().count == 10)
        #expect(try first.body("size") == 10)
        #expect(try first.body("pageSize") == 10)
        #expect(try first.nextToken() != nil)
        let all = try await client.get("\(Catalog.model.list)?pageSize=1000")
        #expect(try all.body("nextPageToken") == "")
        let count = try all.items().count
        #expect(try all.body("size")?.intValue == Int64(count))
        #expect(try all.body("pageSize") == 1000)
        // The other name of the parameter is accepted too.
        let token = try #require(try first.nextToken())
        let second = try await client.get("\(Catalog.model.list)?pageToken=\(token)")
        #expect(try second.names() == Array(all.names().dropFirst(10).prefix(10)))
    }

    @Test(
        "catalog lists take unusable sizes for the default and clamp large ones",
        arguments: ["0", "-1", "x", "", "1.5", "99999999999999999999"])
    func catalogSizes(size: String) async throws {
        let client = try await SharedServer.get().client
        let response = try await client.get(target(Catalog.agents.list, ["pageSize": size]))
        #expect(response.status == 200)
        #expect(try response.body("pageSize") == 100)
        let clamped = try await client.get("\(Catalog.agents.list)?pageSize=5000")
        #expect(try clamped.body("pageSize") == 1000)
    }

    @Test("MCP and model lists refuse sizes that are no numbers", arguments: [Catalog.mcp, .model])
    func refusedSizes(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        for size in ["x", "1.5", "1e3", "0x10", " 1"] {
            let response = try await client.get(target(catalog.list, ["pageSize": size]))
            #expect(response.status == 400, "\(size)")
            if catalog.convention == .mcp {
                #expect(try response.body("error")?.stringValue?.hasPrefix("pageSize: ") == true)
            } else {
                #expect(try response.body("code") == "Bad Request")
            }
        }
        let huge = try await client.get("\(catalog.list)?pageSize=1000000000")
        #expect(huge.status == 200)
        if catalog.convention == .model {
            for size in ["0", "-1"] {
                #expect(try await client.get("\(catalog.list)?pageSize=\(size)").status == 400)
            }
        }
    }

    @Test("tokens can stand in an address as they are", arguments: Catalog.all)
    func tokenAlphabet(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let token = try #require(
            try await client.get("\(catalog.list)?pageSize=1").nextToken())
        let plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
        #expect(token.allSatisfy { plain.contains($0) })
    }

    @Test("bad tokens are refused", arguments: Catalog.all)
    func badTokens(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let good = try #require(try await client.get("\(catalog.list)?pageSize=1").nextToken())
        let tokens = [
            "x", "MQ", "MQ==", "!!!", "%00", "A", String(good.dropLast()), good + "A",
            String(repeating: "A", count: 3_000), String(good.reversed()),
        ]
        for token in tokens {
            let response = try await client.get(
                "\(catalog.list)?pageSize=1&\(catalog.tokenParameter)=\(token)")
            #expect(response.status == 400, "\(token)")
        }
        // A token belongs to the list that made it.
        let other = Catalog.all.first {
            $0.plugin != catalog.plugin && $0.convention == catalog.convention
        }
        if let other {
            let path = "\(other.list)?pageSize=1&\(other.tokenParameter)=\(good)"
            #expect(try await client.get(path).status == 400)
        }
        let reordered = "\(catalog.list)?sortOrder=DESC&\(catalog.tokenParameter)=\(good)"
        #expect(try await client.get(reordered).status == 400)
        let empty = try await client.get("\(catalog.list)?\(catalog.tokenParameter)=")
        #expect(empty.status == 200)
    }
}
