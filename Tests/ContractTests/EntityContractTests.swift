import CatalogModel
import TestSupport
import Testing

@Suite("Lists and gets of every plugin", .turns, .timeLimit(.minutes(5)))
struct EntityContractTests {
    @Test("the samples are all there, with their source", arguments: Catalog.all)
    func samples(catalog: Catalog) async throws {
        let response = try await SharedServer.get().client.get("\(catalog.list)?pageSize=1000")
        #expect(response.status == 200)
        let items = try response.items()
        #expect(items.count >= 10)
        for item in items {
            let source = try #require(item[catalog.sourceKey]?.stringValue)
            #expect(catalog.sources.contains(source))
        }
        let names = try response.names()
        #expect(Set(names).count == names.count)
    }

    @Test("at least eighty samples in all")
    func enoughSamples() async throws {
        let client = try await SharedServer.get().client
        var count = 0
        for catalog in Catalog.all {
            count += try await client.get("\(catalog.list)?pageSize=1000").items().count
        }
        #expect(count >= 80)
    }

    @Test(
        "every entity can be fetched by its name, raw and with encoded slashes, as it is listed",
        arguments: Catalog.all)
    func everyEntity(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let connection = try await client.connect()
        for item in try await client.hit("\(catalog.list)?pageSize=1000").items() {
            let name = try #require(item["name"]?.stringValue)
            let source = try #require(item[catalog.sourceKey]?.stringValue)
            let raw = name.split(separator: "/").map { encoded(String($0)) }.joined(separator: "/")
            var paths = ["\(catalog.list)/\(encoded(name))", "\(catalog.list)/\(raw)"]
            paths.append("\(catalog.list)/\(raw)?source=\(source)")
            if catalog.convention == .model {
                paths.append("\(catalog.base)/sources/\(source)/models/\(raw)")
                paths.append("\(catalog.base)/sources/\(source)/models/\(encoded(name))")
            }
            for path in paths {
                let response = try await connection.get(path)
                #expect(response.status == 200, "\(path)")
                #expect(try response.json() == item, "\(path)")
                #expect(response.header("Content-Type") == catalog.contentType)
                #expect(response.text.last == "\n")
            }
        }
    }

    @Test("a missing entity is a 404 in the plugin's envelope", arguments: Catalog.all)
    func missing(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let response = try await client.get("\(catalog.list)/no/such%20thing")
        #expect(response.status == 404)
        let text = "no/such thing"
        switch catalog.convention {
        case .catalog:
            let message = "\(catalog.noun) \"\(text)\" not found"
            #expect(try response.json() == ["error": .string(message)])
        case .mcp:
            #expect(try response.body("error")?.stringValue?.contains(text) == true)
        case .model:
            #expect(try response.body("code") == "Not Found")
            #expect(try response.body("message")?.stringValue?.hasPrefix("No model found") == true)
        }
    }

    @Test("an entity of another source is not found", arguments: Catalog.all)
    func otherSource(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let name = try #require(try await client.get(catalog.list).names().first)
        let response = try await client.get("\(catalog.list)/\(encoded(name))?source=nope")
        #expect(response.status == 404)
        if catalog.convention == .model {
            let path = "\(catalog.base)/sources/nope/models/\(encoded(name))"
            #expect(try await client.get(path).status == 404)
        }
    }

    @Test("a list of a source holds only its entities", arguments: Catalog.all)
    func sourceParameter(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let whole = try await client.get("\(catalog.list)?pageSize=1000").items().count
        var sum = 0
        for source in catalog.sources {
            let part = try await client.get("\(catalog.list)?pageSize=1000&source=\(source)")
            let items = try part.items()
            #expect(items.allSatisfy { $0[catalog.sourceKey]?.stringValue == source })
            sum += items.count
        }
        #expect(sum == whole)
        let none = try await client.get("\(catalog.list)?source=nope")
        #expect(try none.items().isEmpty)
    }

    @Test("an empty page is an array", arguments: Catalog.all)
    func emptyPage(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let response = try await client.get(
            target(catalog.list, ["filterQuery": "name = 'no such name'"]))
        #expect(response.status == 200)
        #expect(try response.body("items") == [])
        #expect(try response.body("size") == 0)
        #expect(try response.nextToken() == nil)
    }

    @Test("an MCP server shows its fields in their types")
    func mcpServer() async throws {
        let client = try await SharedServer.get().client
        for item in try await client.get("\(Catalog.mcp.list)?pageSize=0").items() {
            let id = try #require(item["id"]?.stringValue)
            #expect(Int(id) != nil)
            for key in ["createTimeSinceEpoch", "lastUpdateTimeSinceEpoch"] {
                #expect(Int(try #require(item[key]?.stringValue)) != nil)
            }
            let mode = try #require(item["deploymentMode"]?.stringValue)
            #expect(["local", "remote", "hybrid"].contains(mode))
            if let count = item["toolCount"] { #expect(count.intValue != nil) }
            if let verified = item["verified"] { #expect(verified.boolValue != nil) }
            #expect(item["sourceId"]?.stringValue == "mcp-default")
        }
    }

    @Test("a model shows its fields in their types")
    func model() async throws {
        let client = try await SharedServer.get().client
        let items = try await client.get("\(Catalog.model.list)?pageSize=1000").items()
        for item in items {
            #expect(Int(try #require(item["id"]?.stringValue)) != nil)
            for key in ["createTimeSinceEpoch", "lastUpdateTimeSinceEpoch"] {
                #expect(Int(try #require(item[key]?.stringValue)) != nil)
            }
            if let tasks = item["tasks"] { #expect(tasks.arrayValue != nil) }
            #expect(item["artifacts"] == nil, "artifacts have routes of their own")
            for member in item["customProperties"]?.objectValue?.members ?? [] {
                let type = try #require(member.value["metadataType"]?.stringValue)
                #expect(type.hasPrefix("Metadata") && type.hasSuffix("Value"))
                let values = (member.value.objectValue?.keys ?? []).filter { $0 != "metadataType" }
                #expect(values.count == 1)
                if values == ["int_value"] {
                    #expect(member.value["int_value"]?.stringValue != nil)
                }
            }
        }
        let licenses = Set(items.compactMap { $0["license"]?.stringValue })
        #expect(licenses.contains("Apache 2.0"))
        #expect(!licenses.contains("apache-2.0"))
    }

    @Test("models can be limited by the labels of their sources")
    func sourceLabel() async throws {
        let client = try await SharedServer.get().client
        let path = Catalog.model.list
        let labelled = try await client.get(
            target(path, ["sourceLabel": "validated ai,ORGANIZATION AI", "pageSize": "1000"]))
        let sources = Set(try labelled.items().compactMap { $0["source_id"]?.stringValue })
        #expect(sources == ["validated_ai_models", "organization_ai_models"])
        let unlabelled = try await client.get(target(path, ["sourceLabel": "null"]))
        #expect(try unlabelled.items().isEmpty)
        let both = try await client.get(target(path, ["sourceLabel": "x", "source": "y"]))
        #expect(both.status == 400)
        #expect(try both.body("code") == "Bad Request")
        #expect(try both.body("message")?.stringValue?.isEmpty == false)
    }

    @Test("q finds text in any case", arguments: [Catalog.mcp, .model])
    func search(catalog: Catalog) async throws {
        let client = try await SharedServer.get().client
        let all = try await client.get("\(catalog.list)?pageSize=1000").items()
        let item = try #require(all.first { $0["provider"]?.stringValue?.isEmpty == false })
        let provider = try #require(item["provider"]?.stringValue)
        let found = try await client.get(
            target(catalog.list, ["q": provider.uppercased(), "pageSize": "1000"])
        ).items()
        #expect(found.contains(item))
        #expect(found.count < all.count)
        for entity in found {
            let texts = ["name", "description", "provider", "libraryName"].compactMap {
                entity[$0]?.stringValue
            }
            let tasks = entity["tasks"]?.arrayValue?.compactMap(\.stringValue) ?? []
            #expect((texts + tasks).contains { $0.lowercased().contains(provider.lowercased()) })
        }
        let none = try await client.get(target(catalog.list, ["q": "no such text anywhere"]))
        #expect(try none.items().isEmpty)
    }
}
