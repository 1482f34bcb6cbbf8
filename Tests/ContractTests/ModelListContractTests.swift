import CatalogModel
import TestSupport
import Testing

/// Section 1.5: lists of models, filter options, labels and sources, over the sample catalogs.
@Suite("Lists of the model catalog", .turns, .timeLimit(.minutes(5)))
struct ModelListContractTests {
    private static let base = Catalog.model.base
    private static let models = Catalog.model.list

    private func get(
        _ path: String, _ parameters: KeyValuePairs<String, String> = [:]
    ) async throws -> HTTPResponse {
        try await SharedServer.get().client.get(target(path, parameters))
    }

    @Test("recommendations order models by their lowest recommended latency, the others last")
    func recommendations() async throws {
        let response = try await get(
            Self.models,
            [
                "recommendations": "true", "orderBy": "NAME", "sortOrder": "DESC",
                "pageSize": "100",
            ])
        let items = try response.items()
        var latencies: [Double?] = []
        for item in items {
            let source = try #require(item["source_id"]?.stringValue)
            let name = try #require(item["name"]?.stringValue)
            let page = try await get(
                "\(Self.base)/sources/\(source)/models/\(name)/artifacts/performance",
                ["recommendations": "true", "pageSize": "100"])
            latencies.append(
                try page.items().compactMap { artifact in
                    artifact.value(at: "customProperties.ttft_p90.double_value")?.doubleValue
                }.min())
        }
        let present = latencies.prefix { $0 != nil }.compactMap(\.self)
        #expect(present.count > 3)
        #expect(present == present.sorted())
        #expect(latencies.dropFirst(present.count).allSatisfy { $0 == nil })
        #expect(items.count == (try await get(Self.models, ["pageSize": "100"]).items().count))
    }

    @Test("recommendations walk in pages")
    func recommendedPages() async throws {
        let client = try await SharedServer.get().client
        let all = try await get(Self.models, ["recommendations": "true", "pageSize": "100"]).names()
        for pageSize in [1, 5] {
            let walk = try await client.walk(
                .model, pageSize: pageSize, ["recommendations": "true"])
            #expect(walk.names == all)
        }
        for bad in ["targetRPS=x", "recommendations=x"] {
            let refused = try await client.get("\(Self.models)?\(bad)")
            #expect(refused.status == 400)
            #expect(try refused.body("code") == "Bad Request")
        }
    }

    @Test("filter options show what the models have, and named queries with their bounds")
    func filterOptions() async throws {
        let client = try await SharedServer.get().client
        let path = "\(Self.models)/filter_options"
        let response = try await client.hit(path)
        #expect(response.header("Content-Type") == "application/json; charset=UTF-8")
        let filters = try #require(try response.json()["filters"]?.objectValue)
        let items = try await get(Self.models, ["pageSize": "100"]).items()
        let providers = Set(items.compactMap { $0["provider"]?.stringValue })
        let licences = Set(items.compactMap { $0["license"]?.stringValue })
        func values(_ name: String) -> Set<String> {
            Set((filters[name]?["values"]?.arrayValue ?? []).compactMap(\.stringValue))
        }
        #expect(values("provider") == providers)
        #expect(values("license") == licences)
        for hidden in ["source_id", "logo", "license_link", "name", "artifacts.metricsType"] {
            #expect(filters[hidden] == nil)
        }
        #expect(values("model_type.string_value").contains("generative"))
        let low = try #require(
            filters["artifacts.ttft_p90.double_value"]?["range"]?["min"]?.doubleValue)
        // Each option can be used as it is shown.
        for (name, option) in filters.members.map({ ($0.key, $0.value) }) {
            let literal = option["type"] == "number" ? "0" : "'x'"
            let used = try await get(
                Self.models, ["filterQuery": "`\(name)` = \(literal)", "pageSize": "1"])
            #expect(used.status == 200, "\(name): \(used.text)")
        }
        let queries = try #require(try response.json()["namedQueries"])
        #expect(
            queries["lowest-latency"]?["artifacts.ttft_p90.double_value"]?["value"]?.doubleValue
                == low)
        #expect(
            queries["low-latency"]?["artifacts.ttft_p90.double_value"]
                == ["operator": "<", "value": 150])
        let tag = try #require(response.header("ETag"))
        #expect(response.header("X-Catalog-Revision") != nil)
        #expect(try await client.get(path, headers: ["If-None-Match": tag]).status == 304)
        let fresh = try await client.get(path, headers: ["Cache-Control": "no-cache"])
        #expect(fresh.body == response.body)
    }

    @Test("filter options follow writes, and metadata values of every type come back as sent")
    func metadata() async throws {
        let tenant = try await Tenant.fresh()
        let properties: JSONValue = [
            "text": ["string_value": "a", "metadataType": "MetadataStringValue"],
            "whole": ["int_value": "9007199254740993", "metadataType": "MetadataIntValue"],
            "real": ["double_value": 1.5, "metadataType": "MetadataDoubleValue"],
            "flag": ["bool_value": true, "metadataType": "MetadataBoolValue"],
            "nested": ["struct_value": "{\"a\":1}", "metadataType": "MetadataStructValue"],
        ]
        let path = "\(Self.models)/filter_options"
        #expect(try await tenant.get(path).body("filters") == [:])
        let created = try await tenant.post(
            Self.models,
            ["name": "acme/m", "license": "apache-2.0", "customProperties": properties])
        #expect(created.status == 201, "\(created.text)")
        let model = try await tenant.get("\(Self.base)/sources/api/models/acme/m")
        #expect(try model.body("customProperties") == properties)
        #expect(try model.body("license") == "Apache 2.0")
        let filters = try #require(try await tenant.get(path).json()["filters"]?.objectValue)
        #expect(
            Set(filters.keys) == [
                "license", "real.double_value", "text.string_value", "whole.int_value",
            ])
        let patched = try await tenant.patch(
            "\(Self.models)/acme/m", ["customProperties": ["text": nil]])
        #expect(patched.status == 200)
        #expect(try await tenant.get(path).json()["filters"]?["text.string_value"] == nil)
    }

    @Test("labels come from the configuration and are ordered by any of their keys")
    func labels() async throws {
        let path = "\(Self.base)/labels"
        let response = try await get(path)
        #expect(try response.names() == ["Organization AI", "Validated AI", "Community"])
        #expect(try response.items().allSatisfy { $0["displayName"]?.stringValue != nil })
        #expect(try response.body("size")?.intValue == 3)
        #expect(try response.body("nextPageToken") == "")
        for header in ["X-Cache", "ETag", "X-Catalog-Revision"] {
            #expect(response.header(header) != nil)
        }
        #expect(
            try await get(path, ["orderBy": "displayName", "sortOrder": "DESC"]).names() == [
                "Validated AI", "Organization AI", "Community",
            ])
        let first = try await get(path, ["orderBy": "name", "pageSize": "1"])
        #expect(try first.names() == ["Community"])
        let token = try #require(try first.nextToken())
        let second = try await get(
            path, ["orderBy": "name", "pageSize": "1", "nextPageToken": token])
        #expect(try second.names() == ["Organization AI"])
        #expect(try await get(path, ["pageSize": "0"]).status == 400)
    }

    @Test("sources are listed with their state, and belong to one namespace")
    func sources() async throws {
        let path = "\(Self.base)/sources"
        let response = try await get(path)
        let items = try response.items()
        #expect(
            items.compactMap { $0["id"]?.stringValue } == Catalog.model.sources.sorted())
        #expect(items.allSatisfy { $0["status"] == "available" && $0["enabled"] == true })
        #expect(items.allSatisfy { $0["labels"]?.arrayValue?.count == 1 })
        #expect(try await get(path, ["name": "VALIDATED"]).items().count == 1)
        #expect(try await get(path, ["name": "nothing"]).items().isEmpty)
        let byName = try await get(path, ["orderBy": "NAME", "sortOrder": "DESC"]).names()
        #expect(byName == byName.sorted().reversed())
        let refused = try await get(path, ["orderBy": "CREATE_TIME"])
        #expect(refused.status == 400)
        let message = try refused.body("message")?.stringValue
        #expect(message?.contains("unsupported order by field") == true)
        let tag = try #require(response.header("ETag"))
        let client = try await SharedServer.get().client
        #expect(try await client.get(path, headers: ["If-None-Match": tag]).status == 304)
        #expect(try await Tenant.fresh().get(path).items().isEmpty)
    }
}
