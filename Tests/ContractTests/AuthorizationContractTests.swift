import CatalogModel
import TestSupport
import Testing

@Suite("Authorization by the cluster", .turns, .timeLimit(.minutes(5)))
struct AuthorizationContractTests {
    private static let agents = Catalog.agents
    private static let jobs = "/api/jobs/v1alpha1/refresh"
    private static let audit = "/api/audit/v1alpha1/events"

    /// Method, path and the only grant that lets the request through.
    private static let routes: [(String, String, resource: String, verb: String)] =
        [
            ("GET", "/api/plugins", "plugins", "list"),
            ("GET", "/api/plugins/agents/capabilities", "capabilities", "get"),
            ("GET", jobs, "jobs", "list"), ("GET", "\(jobs)/x", "jobs", "get"),
            ("POST", "\(jobs)/x:cancel", "jobs", "create"),
            ("GET", audit, "audit", "list"), ("GET", "\(audit)/x", "audit", "get"),
            ("GET", "/api/cache/v1alpha1/verify", "catalogsources", "get"),
            ("POST", "/api/cache/v1alpha1/evict", "catalogsources", "delete"),
        ]
        + Catalog.all.flatMap { catalog in
            [
                ("GET", catalog.list, "assets", "list"), ("HEAD", catalog.list, "assets", "list"),
                ("GET", "\(catalog.list)/x/y", "assets", "get"),
                ("POST", catalog.list, "assets", "create"),
                ("PUT", "\(catalog.list)/x", "assets", "update"),
                ("PATCH", "\(catalog.list)/x", "assets", "update"),
                ("DELETE", "\(catalog.list)/x", "assets", "delete"),
                ("POST", "\(catalog.base)/management/refresh", "jobs", "create"),
            ]
        }

    @Test("each route needs its own grant, in its own namespace")
    func grants() async throws {
        let guarded = try await Guarded.shared.value
        for (index, route) in Self.routes.enumerated() {
            let (right, wrong) = ("right-\(index)", "wrong-\(index)")
            guarded.cluster.allow(user: right, [route.verb], on: [route.resource], in: "team-a")
            // Everything else, and the same elsewhere.
            guarded.cluster.allow(
                user: wrong,
                ["get", "list", "create", "update", "delete", "execute", "approve"]
                    .filter { $0 != route.verb }, on: [route.resource], in: "team-a")
            guarded.cluster.allow(user: wrong, [route.verb], on: [route.resource], in: "team-b")
            let allowed = try await guarded.send(route.0, route.1, as: right)
            #expect(allowed.status != 403, "\(route)")
            let refused = try await guarded.send(route.0, route.1, as: wrong)
            #expect(refused.status == 403, "\(route)")
            if route.0 != "HEAD" {
                #expect(
                    try refused.json() == [
                        "error": "forbidden",
                        "message": .string(
                            "insufficient permissions for \(route.resource)/\(route.verb) in "
                                + "namespace team-a"),
                    ])
            }
            // The refusal comes before the body is looked at, which is no JSON.
            let anonymous = try await guarded.send(route.0, route.1, as: nil)
            #expect(anonymous.status == 403, "\(route)")
        }
    }

    @Test("a bulk write needs the grants of both things that it does")
    func bulk() async throws {
        let guarded = try await Guarded.shared.value
        let path = "\(Self.agents.list):batch"
        guarded.cluster.allow(user: "creator", ["create"], on: ["assets"])
        guarded.cluster.allow(user: "updater", ["update"], on: ["assets"])
        guarded.cluster.allow(user: "both", ["create", "update"], on: ["assets"])
        #expect(try await guarded.send("POST", path, as: "creator").status == 403)
        #expect(try await guarded.send("POST", path, as: "updater").status == 403)
        #expect(try await guarded.send("POST", path, as: "both").status == 400)
    }

    @Test("groups are asked about too, in any order and with blanks")
    func groups() async throws {
        let guarded = try await Guarded.shared.value
        guarded.cluster.allow(group: "team-a-engineers", ["list"], on: ["assets"], in: "team-a")
        let before = guarded.cluster.reviews.count
        for value in ["x, team-a-engineers", " team-a-engineers ,, x"] {
            let response = try await guarded.send(
                "GET", Self.agents.list, as: "member", ["X-Remote-Group": value])
            #expect(response.status == 200)
        }
        let asked = guarded.cluster.reviews.dropFirst(before).filter { $0.user == "member" }
        #expect(
            asked == [
                .init(
                    user: "member", groups: ["team-a-engineers", "x"],
                    group: "catalog.kubeflow.org", resource: "assets", verb: "list",
                    namespace: "team-a")
            ])
    }

    @Test("what has no row is refused, also to those who may do everything")
    func unknown() async throws {
        let guarded = try await Guarded.shared.value
        guarded.cluster.allow(user: "root", ["*"], on: ["*"])
        let expected: JSONValue = [
            "error": "forbidden", "message": "unknown endpoint, access denied",
        ]
        for (method, path) in [
            ("GET", "/"), ("GET", "/api/unknown"), ("POST", "/api/plugins"), ("PUT", Self.jobs),
            ("GET", "\(Self.agents.base)/nothing/x"), ("TRACE", Self.agents.list),
        ] {
            let response = try await guarded.send(method, path, as: "root")
            #expect(response.status == 403, "\(method) \(path)")
            #expect(try response.json() == expected, "\(method) \(path)")
        }
    }

    @Test("health is open, the list of namespaces is for callers with a name")
    func open() async throws {
        let guarded = try await Guarded.shared.value
        for path in ["/livez", "/healthz", "/readyz", "/metrics"] {
            #expect(try await guarded.send("GET", path, as: nil, in: nil).status == 200)
        }
        let path = "/api/tenancy/v1alpha1/namespaces"
        #expect(try await guarded.send("GET", path, as: "somebody", in: nil).status == 200)
        for user in [nil, "", "  ", "anonymous"] {
            let response = try await guarded.send("GET", path, as: user, in: nil)
            #expect(response.status == 403)
        }
        // Without a namespace the 400 comes first, and is not audited.
        let missing = try await guarded.send("POST", Self.agents.list, as: nil, in: nil)
        #expect(missing.status == 400)
    }

    @Test("the role header gives nothing, and grants need no role header")
    func role() async throws {
        let guarded = try await Guarded.shared.value
        let path = "\(Self.agents.base)/management/refresh"
        let pretended = try await guarded.send(
            "POST", path, as: "pretender", ["X-User-Role": "operator"])
        #expect(pretended.status == 403)
        guarded.cluster.allow(user: "refresher", ["create"], on: ["jobs"])
        #expect(try await guarded.send("POST", path, as: "refresher", in: "team-r").status == 202)
        guarded.cluster.allow(user: "writer", ["create"], on: ["assets"])
        let created = try await guarded.server.client.post(
            Self.agents.list, headers: ["X-Remote-User": "writer", "X-Namespace": "team-a"],
            json: ["name": "by-grant"])
        #expect(created.status == 201)
    }

    @Test("refusals are audited as denied")
    func audited() async throws {
        let guarded = try await Guarded.shared.value
        let refused = try await guarded.send("POST", Self.agents.list, as: "mallory")
        #expect(refused.status == 403)
        guarded.cluster.allow(user: "auditor", ["list"], on: ["audit"])
        let events = try await guarded.send("GET", "\(Self.audit)?actor=mallory", as: "auditor")
        let event = try #require(try events.body("events")?.arrayValue?.first)
        #expect(event["outcome"] == "denied")
        #expect(event["statusCode"] == 403)
        #expect(event["action"] == "create")
    }

    @Test("an answer from the cache is refused once the grant has ended")
    func cached() async throws {
        let guarded = try await Guarded.start(["CATALOG_AUTHZ_CACHE_TTL_MS": "300"])
        guarded.cluster.allow(user: "alice", ["list", "get"], on: ["assets"])
        let headers = ["X-Remote-User": "alice", "X-Namespace": "default"]
        let client = guarded.server.client
        let hit = try await client.hit(Self.agents.list, headers: headers)
        let tag = try #require(hit.header("ETag"))
        let name = try #require(try hit.names().first)
        let path = "\(Self.agents.list)/\(name)"
        _ = try await client.hit(path, headers: headers)
        guarded.cluster.revoke(user: "alice")
        let end = ContinuousClock.now + .seconds(10)
        // This decision was made last; the others are over before it.
        while try await client.get(path, headers: headers).status != 403 {
            try #require(ContinuousClock.now < end)
            try await Task.sleep(for: .milliseconds(10))
        }
        for target in [Self.agents.list, path, "\(Self.agents.list)?pageSize=1"] {
            let conditional = headers.merging(["If-None-Match": tag]) { $1 }
            #expect(try await client.get(target, headers: headers).status == 403)
            #expect(try await client.get(target, headers: conditional).status == 403)
        }
        _ = try await guarded.server.terminate()
    }

    @Test("a stream of changes ends with the grant, before the next change")
    func stream() async throws {
        let guarded = try await Guarded.start(["CATALOG_AUTHZ_CACHE_TTL_MS": "300"])
        guarded.cluster.allow(user: "alice", ["list", "get"], on: ["assets"])
        guarded.cluster.allow(user: "writer", ["create"], on: ["assets"])
        let client = guarded.server.client
        let headers = ["X-Remote-User": "alice", "X-Namespace": "team-s"]
        func create(_ name: String) async throws {
            let response = try await client.post(
                Self.agents.list, headers: ["X-Remote-User": "writer", "X-Namespace": "team-s"],
                json: ["name": .string(name)])
            #expect(response.status == 201)
        }
        try await create("seen")
        let stream = try await EventStream.open(
            "/api/changes/v1alpha1?from=0", port: client.port, headers: headers)
        #expect(try await stream.next("change")?["name"] == "seen")
        guarded.cluster.revoke(user: "alice")
        let end = ContinuousClock.now + .seconds(10)
        while try await client.get(Self.agents.list, headers: headers).status != 403 {
            try #require(ContinuousClock.now < end)
            try await Task.sleep(for: .milliseconds(10))
        }
        try await create("secret")
        var event = try #require(try await stream.next())
        while ["revision", "bookmark"].contains(event.name) {
            event = try #require(try await stream.next())
        }
        #expect(event.name == "end")
        #expect(event["reason"] == "forbidden")
        _ = try await guarded.server.terminate()
    }

    @Test("when the cluster does not answer, nobody is let in and nothing is remembered")
    func outage() async throws {
        let guarded = try await Guarded.start()
        guarded.cluster.allow(user: "alice", ["*"], on: ["*"])
        for fault in [KubernetesDouble.Fault.status(500), .drop] {
            guarded.cluster.set(fault, on: "subjectaccessreviews")
            let response = try await guarded.send("GET", Self.agents.list, as: "alice")
            #expect(response.status == 500)
            #expect(
                try response.json() == [
                    "error": "internal_error", "message": "authorization check failed",
                ])
            #expect(response.header("Cache-Control") == "no-store")
            guarded.cluster.clearFaults()
        }
        #expect(try await guarded.send("GET", Self.agents.list, as: "alice").status == 200)
        // What is known stands while the cluster is away.
        guarded.cluster.set(.drop, on: "subjectaccessreviews")
        #expect(try await guarded.send("GET", Self.agents.list, as: "alice").status == 200)
        #expect(try await guarded.send("GET", Self.agents.list, as: "bob").status == 500)
        _ = try await guarded.server.terminate()
    }

    @Test("identity headers of a peer that is no proxy are ignored")
    func proxies() async throws {
        let guarded = try await Guarded.start(["CATALOG_TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8"])
        guarded.cluster.allow(user: "alice", ["*"], on: ["*"])
        #expect(try await guarded.send("GET", Self.agents.list, as: "alice").status == 403)
        #expect(guarded.cluster.reviews.isEmpty)
        #expect(!Self.warnings(guarded.server).contains("CATALOG_TRUSTED_PROXIES"))
        let open = try await Guarded.shared.value
        #expect(Self.warnings(open.server).contains("CATALOG_TRUSTED_PROXIES"))
        _ = try await guarded.server.terminate()
    }

    private static func warnings(_ server: ServerProcess) -> [String] {
        server.logLines.filter { $0.value(at: "metadata.event") == "setting_risky" }
            .compactMap { $0.value(at: "metadata.name")?.stringValue }
    }

    @Test("a server that cannot ask does not start")
    func withoutCluster() async throws {
        let cluster = try await KubernetesDouble.start()
        for (name, value) in [
            ("KUBERNETES_SERVICE_HOST", ""), ("CATALOG_KUBERNETES_CA_FILE", "/absent"),
            ("CATALOG_KUBERNETES_CA_FILE", cluster.tokenPath),
        ] {
            var settings = cluster.environment
            settings["CATALOG_AUTHZ_MODE"] = "sar"
            settings[name] = value
            let server = try await ServerProcess.launch(
                .init(environment: settings, dsn: "host=/nowhere dbname=x"))
            #expect(try await server.waitForExit() > 0, "\(name)=\(value)")
        }
    }
}
