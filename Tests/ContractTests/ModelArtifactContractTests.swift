import CatalogModel
import TestSupport
import Testing

/// Section 1.5: artifacts and performance, over the sample catalogs.
@Suite("Artifacts of models", .turns, .timeLimit(.minutes(5)))
struct ModelArtifactContractTests {
    static let base = Catalog.model.base
    static let llama = "\(base)/sources/validated_ai_models/models/meta-llama/Llama-3.1-8B-Instruct"
    static let performance = "\(llama)/artifacts/performance"

    private func get(
        _ path: String, _ parameters: KeyValuePairs<String, String> = [:]
    ) async throws -> HTTPResponse {
        try await SharedServer.get().client.hit(target(path, parameters))
    }

    private static func property(_ item: JSONValue, _ name: String) -> FieldValue {
        item["customProperties"]?[name].map(FieldValue.init(property:)) ?? .missing
    }

    private func latencies(
        _ parameters: KeyValuePairs<String, String>
    ) async throws -> [FieldValue] {
        try await get(Self.performance, parameters).items().map { Self.property($0, "ttft_p90") }
    }

    @Test("the list has the envelope of models and every artifact in its shape")
    func list() async throws {
        let response = try await get("\(Self.llama)/artifacts", ["pageSize": "100"])
        #expect(response.status == 200)
        #expect(response.header("Content-Type") == "application/json; charset=UTF-8")
        let body = try response.json()
        let items = try response.items()
        #expect(items.count == 15)
        #expect(body["size"]?.intValue == 15)
        #expect(body["pageSize"]?.intValue == 100)
        #expect(body["nextPageToken"] == "")
        #expect(Set(items.compactMap { $0["id"]?.stringValue }).count == 15)
        for item in items {
            #expect(item["createTimeSinceEpoch"]?.stringValue.flatMap { Int64($0) } != nil)
            #expect(item["lastUpdateTimeSinceEpoch"]?.stringValue.flatMap { Int64($0) } != nil)
            if item["artifactType"] == "model-artifact" {
                #expect(item["uri"]?.stringValue?.hasPrefix("hf://") == true)
                #expect(item["metricsType"] == nil)
            } else {
                #expect(item["artifactType"] == "metrics-artifact")
                #expect(
                    ["performance-metrics", "accuracy-metrics"].contains(
                        item["metricsType"]?.stringValue))
            }
        }
    }

    @Test("pages of every size show each artifact once, in the order of ids")
    func pages() async throws {
        for pageSize in [1, 4, 10] {
            var ids: [Int64] = []
            var token: String?
            repeat {
                var path = "\(Self.llama)/artifacts?pageSize=\(pageSize)"
                if let token { path += "&nextPageToken=\(token)" }
                let page = try await get(path)
                ids += try page.items().compactMap { $0["id"]?.stringValue.flatMap { Int64($0) } }
                token = try page.nextToken()
            } while token != nil && ids.count < 100
            #expect(ids.count == 15)
            #expect(ids == ids.sorted())
        }
        #expect(try await get("\(Self.llama)/artifacts").items().count == 10)
    }

    @Test("types narrow the list, and unknown types are refused")
    func types() async throws {
        for (parameter, value, count) in [
            ("artifactType", "model-artifact", 1), ("artifactType", "metrics-artifact", 14),
            ("artifactType", "model-artifact,metrics-artifact", 15),
            ("artifact_type", "model-artifact", 1),
        ] {
            let items = try await get(
                "\(Self.llama)/artifacts", [parameter: value, "pageSize": "100"]
            ).items()
            #expect(items.count == count, "\(parameter)=\(value)")
        }
        let client = try await SharedServer.get().client
        let refused = try await client.get("\(Self.llama)/artifacts?artifactType=nope")
        #expect(refused.status == 400)
        #expect(try refused.body("code") == "Bad Request")
    }

    @Test("a filter looks at known and custom properties")
    func filter() async throws {
        for (filter, count) in [
            ("uri LIKE 'hf://%'", 1), ("artifactType = 'metrics-artifact'", 14),
            ("hardware_type = 'H100' AND hardware_count = 2", 2),
            ("ttft_p90.double_value < 100", 2), ("customProperties.benchmark = 'mmlu'", 1),
            ("hardware_type IN ('L40S', 'H100')", 4), ("nothing != 1", 0),
        ] {
            let items = try await get(
                "\(Self.llama)/artifacts", ["filterQuery": filter, "pageSize": "100"]
            ).items()
            #expect(items.count == count, "\(filter)")
        }
        let client = try await SharedServer.get().client
        let refused = try await client.get(
            target("\(Self.llama)/artifacts", ["filterQuery": "a = "]))
        #expect(refused.status == 400)
        #expect(try refused.body("message")?.stringValue?.contains("invalid filter query") == true)
    }

    @Test("the order may be by a typed property, absent values last both ways")
    func order() async throws {
        for direction in ["ASC", "DESC"] {
            let items = try await get(
                "\(Self.llama)/artifacts",
                [
                    "orderBy": "ttft_p90.double_value", "sortOrder": direction, "pageSize": "100",
                ]
            ).items()
            let values = items.map { item -> Double? in
                if case .double(let value) = Self.property(item, "ttft_p90") { value } else { nil }
            }
            let present = values.prefix { $0 != nil }.compactMap(\.self)
            #expect(present.count == 6)
            #expect(values.dropFirst(6).allSatisfy { $0 == nil })
            #expect(present == present.sorted(by: direction == "ASC" ? (<) : (>)))
        }
        let client = try await SharedServer.get().client
        for order in ["ID", "NAME", "CREATE_TIME", "LAST_UPDATE_TIME", "unknown"] {
            #expect(try await client.get("\(Self.llama)/artifacts?orderBy=\(order)").status == 200)
        }
        for order in ["ttft_p90.float_value", "x.bool_value", "a.b"] {
            #expect(try await client.get("\(Self.llama)/artifacts?orderBy=\(order)").status == 400)
        }
    }

    @Test("an unknown model is 400 for artifacts and 404 for performance")
    func unknown() async throws {
        let client = try await SharedServer.get().client
        let path = "\(Self.base)/sources/validated_ai_models/models/no/such/artifacts"
        for (path, status, code) in [
            (path, 400, "Bad Request"), ("\(path)/performance", 404, "Not Found"),
        ] {
            let response = try await client.get(path)
            #expect(response.status == status)
            #expect(try response.body("code")?.stringValue == code)
            #expect(try response.body("message")?.stringValue?.hasPrefix("No model found") == true)
        }
    }

    @Test("performance shows performance metrics only, with replicas for a load")
    func replicas() async throws {
        let plain = try await get(Self.performance).items()
        #expect(plain.count == 6)
        #expect(plain.allSatisfy { $0["metricsType"] == "performance-metrics" })
        #expect(plain.allSatisfy { Self.property($0, "replicas") == .missing })
        for item in try await get(Self.performance, ["targetRPS": "20"]).items() {
            guard case .double(let rate) = Self.property(item, "requests_per_second") else {
                Issue.record("no rate")
                continue
            }
            let replicas = Int64((20 / rate).rounded(.up))
            #expect(Self.property(item, "replicas") == .integer(replicas))
            #expect(
                item["customProperties"]?["replicas"]?["int_value"] == .string("\(replicas)"))
            #expect(
                Self.property(item, "total_requests_per_second")
                    == .double(Double(replicas) * rate))
        }
        #expect(try await get(Self.performance, ["targetRPS": "0"]).items() == plain)
    }

    @Test("recommendations keep what is worth a choice, in the order of the list")
    func recommendations() async throws {
        #expect(
            try await latencies(["recommendations": "true"])
                == [144.0, 102.5, 63.4, 43.9].map { .double($0) })
        // By the price in requests a second, one H100 is both cheaper and slower.
        #expect(
            try await latencies(
                ["recommendations": "true", "filterQuery": "hardware_type = 'H100'"])
                == [.double(63.4), .double(43.9)])
        let ordered = try await latencies([
            "recommendations": "true", "orderBy": "ttft_p90.double_value", "pageSize": "3",
        ])
        #expect(ordered == [43.9, 63.4, 102.5].map { .double($0) })
        let client = try await SharedServer.get().client
        for parameters in ["latencyProperty=nope", "targetRPS=many", "recommendations=perhaps"] {
            let refused = try await client.get("\(Self.performance)?\(parameters)")
            #expect(refused.status == 400, "\(parameters)")
        }
        let other = try await latencies(["recommendations": "true", "latencyProperty": "ttft_p95"])
        #expect(!other.isEmpty)
    }

    @Test("answers of the cache carry its headers, and a known tag is answered by 304")
    func headers() async throws {
        let client = try await SharedServer.get().client
        for path in ["\(Self.llama)/artifacts", Self.performance] {
            let response = try await client.hit(path)
            let tag = try #require(response.header("ETag"))
            #expect(response.header("X-Catalog-Revision").flatMap { Int($0) } != nil)
            let again = try await client.get(path, headers: ["If-None-Match": tag])
            #expect(again.status == 304)
            #expect(again.body.isEmpty)
            let head = try await client.head(path)
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            let fresh = try await client.get(path, headers: ["Cache-Control": "no-cache"])
            #expect(fresh.header("X-Cache") == "BYPASS")
            #expect(fresh.body == response.body)
            let posted = try await client.post(path)
            #expect(posted.status == ContractMode.current.unrouted(405))
        }
    }

    @Test("a name may be percent-encoded as a whole, and may end like another path")
    func names() async throws {
        let tenant = try await Tenant.fresh()
        let models = "\(Self.base)/models"
        let artifact: JSONValue = ["artifactType": "model-artifact", "uri": "oci://x"]
        for name in ["x", "x/artifacts", "filter_options"] {
            let created = try await tenant.post(
                models, ["name": .string(name), "artifacts": [artifact]])
            #expect(created.status == 201, "\(created.text)")
        }
        let source = "\(Self.base)/sources/api/models"
        #expect(try await tenant.get("\(source)/x/artifacts").items().count == 1)
        #expect(try await tenant.get("\(source)/x%2Fartifacts").body("name") == "x/artifacts")
        #expect(try await tenant.get("\(source)/x%2Fartifacts/artifacts").items().count == 1)
        #expect(try await tenant.get("\(source)/x/artifacts/artifacts").items().count == 1)
        #expect(try await tenant.get("\(source)/filter_options").body("name") == "filter_options")
        #expect(try await tenant.get("\(models)/filter%5Foptions").body("name") == "filter_options")
        #expect(try await tenant.get("\(models)/filter_options").body("filters") != nil)
        let deleted = try await tenant.delete("\(models)/filter_options")
        #expect(deleted.status == ContractMode.current.unrouted(405))
    }
}
