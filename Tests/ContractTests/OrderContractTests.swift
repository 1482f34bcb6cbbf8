import CatalogModel
import TestSupport
import Testing

@Suite("Order", .turns, .timeLimit(.minutes(5)))
struct OrderContractTests {
    private static func folded(_ names: [String]) -> [String] { names.map { $0.lowercased() } }

    @Test("every sortable column and key orders the list both ways", arguments: Catalog.all)
    func columns(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let all = try await client.hit("\(catalog.list)?pageSize=1000").names()
        let sortable = catalog.columns.filter { !catalog.unsortable.contains($0) }
        for column in Set(sortable + catalog.keys + catalog.filters.keys) {
            for order in ["ASC", "DESC", "asc", "Desc", "sideways", ""] {
                let response = try await client.get(
                    target(
                        catalog.list,
                        ["orderBy": column, "sortOrder": order, "pageSize": "1000"]))
                #expect(response.status == 200, "\(column) \(order)")
                #expect(Set(try response.names()) == Set(all))
            }
        }
    }

    @Test("names are ordered without regard to case", arguments: Catalog.all)
    func byName(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let path = "\(catalog.list)?pageSize=1000"
        // Names have one case each in plain ASCII, so lower case tells their order.
        let ascending = try await client.get("\(path)&orderBy=name").names()
        let up = Self.folded(ascending)
        #expect(up == up.sorted())
        let descending = try await client.get("\(path)&orderBy=name&sortOrder=DESC").names()
        #expect(descending == ascending.reversed())
        if catalog.convention == .catalog {
            #expect(try await client.get(path).names() == ascending)
        }
    }

    @Test("an unknown order is no error", arguments: Catalog.all)
    func unknownOrder(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        for order in ["nope", "", "a.b.c", "name;drop", "%27", "名"] {
            let response = try await client.get(
                target(catalog.list, ["orderBy": order, "pageSize": "1000"]))
            #expect(response.status == 200)
            if catalog.convention == .catalog {
                let names = Self.folded(try response.names())
                #expect(names == names.sorted())
            } else if !order.isEmpty {
                let ids = try response.items().compactMap { Int($0["id"]?.stringValue ?? "") }
                #expect(ids == ids.sorted())
            }
        }
    }

    @Test("MCP servers and models know the enumerated orders", arguments: [Catalog.mcp, .model])
    func enumeratedOrders(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        for (order, key) in [
            ("ID", "id"), ("CREATE_TIME", "createTimeSinceEpoch"),
            ("LAST_UPDATE_TIME", "lastUpdateTimeSinceEpoch"),
        ] {
            for direction in ["ASC", "DESC"] {
                let path = "\(catalog.list)?pageSize=1000&orderBy=\(order)&sortOrder=\(direction)"
                let values = try await client.get(path).items()
                    .compactMap { Int($0[key]?.stringValue ?? "") }
                let sorted = values.sorted()
                #expect(values == (direction == "ASC" ? sorted : sorted.reversed()))
            }
        }
        let byDefault = try await client.get("\(catalog.list)?pageSize=1000")
        if catalog.convention == .model {
            let names = Self.folded(try byDefault.names())
            #expect(names == names.sorted())
        } else {
            let ids = try byDefault.items().compactMap { Int($0["id"]?.stringValue ?? "") }
            #expect(ids == ids.sorted())
        }
    }

    @Test("integers are ordered as numbers")
    func integers() async throws {
        let client = try await SharedServer.get().client
        for (catalog, key) in [(Catalog.mcp, "toolCount"), (Catalog.knowledge, "documentCount")] {
            let items = try await client.get(
                "\(catalog.list)?pageSize=1000&orderBy=\(key)"
            ).items()
            let values = items.compactMap { $0[key]?.intValue }
            #expect(values.count > 2)
            #expect(values == values.sorted())
        }
    }

    @Test(
        "an enumerated order in any case is no error for catalogs", arguments: Catalog.memoryPlugins
    )
    func foreignOrders(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        for order in ["ID", "NAME", "CREATE_TIME", "ACCURACY", "x.double_value"] {
            #expect(try await client.get("\(catalog.list)?orderBy=\(order)").status == 200)
        }
    }
}
