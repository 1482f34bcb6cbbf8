import CatalogModel
import TestSupport
import Testing

@Suite("Tenancy", .turns, .timeLimit(.minutes(5)))
struct TenancyContractTests {
    private static let path = "/api/tenancy/v1alpha1/namespaces"
    private static let missing =
        "namespace is required in multi-tenant mode (use ?namespace= query param or X-Namespace "
        + "header)"

    private static func invalid(_ name: String) -> String {
        "namespace \"\(name)\" is invalid: must consist of lowercase alphanumeric characters or "
            + "hyphens, and must start and end with an alphanumeric character"
    }

    @Test("a single tenant ignores every namespace")
    func single() async throws {
        let server = try await ServerProcess.readyInMode()
        let client = server.client
        let response = try await client.get(Self.path)
        #expect(response.status == 200)
        #expect(try response.json() == ["namespaces": ["default"], "mode": "single"])
        let names = try await client.get(Catalog.agents.list).names()
        for namespace in ["other", "Team-A", "-x", String(repeating: "n", count: 100)] {
            let header = try await client.get(
                Catalog.agents.list, headers: ["X-Namespace": namespace])
            #expect(try header.names() == names)
            let query = try await client.get("\(Catalog.agents.list)?namespace=\(namespace)")
            #expect(try query.names() == names)
        }
        _ = try await server.terminate()
    }

    @Test("the namespaces of the configuration are listed without naming one")
    func list() async throws {
        let tenant = try await Tenant.fresh()
        let response = try await tenant.client.get(Self.path)
        #expect(response.status == 200)
        #expect(
            try response.json() == ["namespaces": ["team-a", "team-b"], "mode": "namespace"])
    }

    @Test("health needs no namespace", arguments: ["/livez", "/healthz", "/readyz", "/metrics"])
    func health(path: String) async throws {
        #expect(try await Tenant.fresh().client.get(path).status == 200)
    }

    @Test(
        "every other route needs one",
        arguments: [
            "/api/plugins", "/api/plugins/mcp/capabilities", "/api/audit/v1alpha1/events",
            "/api/audit/v1alpha1/events/x", "/api/jobs/v1alpha1/refresh",
            "/api/jobs/v1alpha1/refresh/x",
        ] + Catalog.all.map(\.list) + Catalog.all.map { "\($0.list)/x" })
    func required(path: String) async throws {
        let tenant = try await Tenant.fresh()
        let cases: [(String?, String)] = [
            (nil, Self.missing), ("", Self.missing), ("Team-A", Self.invalid("Team-A")),
            ("team@a", Self.invalid("team@a")), ("-team", Self.invalid("-team")),
            ("team-", Self.invalid("team-")),
            (
                String(repeating: "n", count: 64),
                "namespace \"\(String(repeating: "n", count: 64))\" exceeds maximum length of 63 "
                    + "characters"
            ),
        ]
        for (name, message) in cases {
            let expected: JSONValue = ["error": "bad_request", "message": .string(message)]
            let headers = name.map { ["X-Namespace": $0] } ?? [:]
            let byHeader = try await tenant.client.get(path, headers: headers)
            #expect(byHeader.status == 400)
            #expect(try byHeader.json() == expected)
            let byQuery = try await tenant.client.get(
                target(path, name.map { ["namespace": $0] } ?? [:]))
            #expect(byQuery.status == 400)
            #expect(try byQuery.json() == expected)
        }
        let longest = String(repeating: "n", count: 63)
        for name in ["a", "0", "a-b", longest] {
            let response = try await tenant.client.get(path, headers: ["X-Namespace": name])
            #expect(response.status != 400, "\(name)")
        }
    }

    @Test("mutations need one too and leave no trace without")
    func mutations() async throws {
        let tenant = try await Tenant.fresh()
        let response = try await tenant.client.post(
            Catalog.agents.list, headers: asOperator, json: ["name": "x"])
        #expect(response.status == 400)
        #expect(try response.body("message")?.stringValue == Self.missing)
    }

    @Test("the parameter wins over the header")
    func precedence() async throws {
        let (one, two) = (try await Tenant.fresh(), try await Tenant.fresh())
        _ = try await one.post(Catalog.agents.list, ["name": "of-one"])
        let response = try await two.get("\(Catalog.agents.list)?namespace=\(one.namespace)")
        #expect(try response.names() == ["of-one"])
    }

    @Test("namespaces do not see each other's entities", arguments: Catalog.all)
    func entities(catalog: Catalog) async throws {
        let (one, two) = (try await Tenant.fresh(), try await Tenant.fresh())
        var document: JSONObject = ["name": "secret", "description": "of one"]
        if catalog.convention == .mcp { document["deploymentMode"] = "local" }
        let created = try await one.post(catalog.list, .object(document))
        #expect(created.status == 201)
        let tag = try #require(created.header("ETag"))
        let path = "\(catalog.list)/secret"
        var reads = [
            path, "\(path)?source=api", "\(catalog.list)?pageSize=1000",
            target(catalog.list, ["filterQuery": "name = 'secret'"]),
            target(catalog.list, ["q": "secret"]), "\(catalog.list)?source=api",
        ]
        if catalog.convention == .model {
            reads.append("\(catalog.base)/sources/api/models/secret")
        }
        for read in reads {
            #expect(try await one.get(read).text.contains("of one"), "\(read)")
            for headers in [[:], ["Cache-Control": "no-cache"], ["If-None-Match": tag]] {
                let other = try await two.get(read, headers)
                #expect(!other.text.contains("of one"), "\(read)")
                #expect(other.status != 304)
            }
        }
        for changed in [
            try await two.patch(path, ["description": "of two"]), try await two.delete(path),
            try await two.put(path, .object(document), ["If-Match": tag]),
        ] {
            #expect(changed.status == 404 || changed.status == 412)
        }
        document["description"] = "of two"
        #expect(try await two.post(catalog.list, .object(document)).status == 201)
        #expect(try await one.get(path).body("description") == "of one")
        #expect(try await two.get(path).body("description") == "of two")
        #expect(try await two.delete(path).status == 204)
        #expect(try await one.get(path).status == 200)
        let batch = try await two.post("\(catalog.list):batch", ["items": [.object(document)]])
        #expect(try batch.items().first?["status"] == "created")
        #expect(try await one.get(path).body("description") == "of one")
    }

    @Test("page tokens of one namespace are no good in another")
    func tokens() async throws {
        let (one, two) = (try await Tenant.fresh(), try await Tenant.fresh())
        for tenant in [one, two] {
            for name in ["a", "b", "c"] {
                _ = try await tenant.post(Catalog.agents.list, ["name": .string(name)])
            }
        }
        let token = try #require(
            try await one.get("\(Catalog.agents.list)?pageSize=1").nextToken())
        let path = "\(Catalog.agents.list)?pageSize=1&pageToken=\(token)"
        #expect(try await one.get(path).names() == ["b"])
        #expect(try await two.get(path).status == 400)
    }

    @Test("audit events and jobs belong to their namespace, also by id")
    func records() async throws {
        let (one, two) = (try await Tenant.fresh(), try await Tenant.fresh())
        _ = try await one.post(Catalog.agents.list, ["name": "x"])
        let event = try #require(try await one.events().first?["id"]?.stringValue)
        let accepted = try await one.client.send(
            "POST", "\(Catalog.named("prompts").base)/management/refresh",
            headers: one.headers(), body: [])
        #expect(accepted.status == 202)
        let job = try #require(try accepted.body("jobId")?.stringValue)
        for (path, key) in [
            ("/api/audit/v1alpha1/events", "events"), ("/api/jobs/v1alpha1/refresh", "jobs"),
        ] {
            #expect(try await one.get(path).body(key)?.arrayValue?.isEmpty == false)
            for suffix in ["", "?namespace=\(two.namespace)"] {
                let others = try await two.get(path + suffix)
                #expect(try others.body(key) == [])
                #expect(try others.body("totalSize") == 0)
            }
        }
        for path in [
            "/api/audit/v1alpha1/events/\(event)", "/api/jobs/v1alpha1/refresh/\(job)",
        ] {
            #expect(try await one.get(path).status == 200)
            #expect(try await two.get(path).status == 404)
        }
        let cancel = try await two.client.send(
            "POST", "/api/jobs/v1alpha1/refresh/\(job):cancel", headers: two.headers(), body: [])
        #expect(cancel.status == 404)
    }

    @Test("the samples belong to the default namespace")
    func samples() async throws {
        let standard = try await Tenant.named("default")
        let fresh = try await Tenant.fresh()
        for catalog in Catalog.all {
            #expect(try await standard.get(catalog.list).items().isEmpty == false)
            #expect(try await fresh.get(catalog.list).items().isEmpty)
        }
    }

    @Test("without a list the only namespace named is default")
    func unlisted() async throws {
        let server = try await ServerProcess.readyInMode(
            .init(environment: ["CATALOG_TENANCY_MODE": "namespace"]))
        let response = try await server.client.get(Self.path)
        #expect(try response.json() == ["namespaces": ["default"], "mode": "namespace"])
        _ = try await server.terminate()
    }
}
