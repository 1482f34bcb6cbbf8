import CatalogModel
import TestSupport
import Testing

@Suite("Audit", .turns, .timeLimit(.minutes(5)))
struct AuditContractTests {
    private static let path = "/api/audit/v1alpha1/events"

    @Test("a success is recorded with every field")
    func success() async throws {
        let tenant = try await Tenant.fresh()
        let path = "\(Catalog.agents.list)/acme/one"
        let created = try await tenant.put(
            path, ["version": "1"],
            [
                "X-Request-ID": "req-1", "X-Correlation-ID": "cor-1",
                "X-Remote-User": "  bob ", "X-Remote-Group": "dev, ,ops",
            ])
        #expect(created.status == 201)
        let event = try #require(try await tenant.events().first)
        #expect(event["id"]?.stringValue?.count == 36)
        #expect(event["namespace"]?.stringValue == tenant.namespace)
        #expect(event["correlationId"] == "cor-1")
        #expect(event["requestId"] == "req-1")
        #expect(event["eventType"] == "management")
        #expect(event["actor"] == "bob")
        #expect(event["plugin"] == "agents")
        #expect(event["resourceType"] == "entities")
        #expect(event["resourceIds"] == ["acme/one"])
        #expect(event["action"] == "update")
        #expect(event["actionVerb"] == "update")
        #expect(event["outcome"] == "success")
        #expect(event["statusCode"] == 201)
        #expect(event.value(at: "metadata.method") == "PUT")
        #expect(event.value(at: "metadata.path")?.stringValue == path)
        #expect(event.value(at: "metadata.groups") == ["dev", "ops"])
        let time = try #require(event["createdAt"]?.stringValue)
        #expect(time.hasSuffix("Z"))
        let id = try #require(event["id"]?.stringValue)
        let single = try await tenant.get("\(Self.path)/\(id)")
        #expect(single.status == 200)
        #expect(try single.json() == event)
    }

    @Test("each method has its verb, and the correlation defaults to the request")
    func verbs() async throws {
        let tenant = try await Tenant.fresh()
        let list = Catalog.agents.list
        _ = try await tenant.post(list, ["name": "x"], ["X-Request-ID": "r-1"])
        _ = try await tenant.put("\(list)/x", ["version": "1"])
        _ = try await tenant.patch("\(list)/x", ["version": "2"])
        _ = try await tenant.delete("\(list)/x")
        _ = try await tenant.post("\(list):batch", ["items": [["name": "y"], ["name": "z"]]])
        let events = Array(try await tenant.events().reversed())
        #expect(
            events.map { $0["actionVerb"]?.stringValue } == [
                "create", "update", "patch", "delete", "create",
            ])
        #expect(events.allSatisfy { $0["outcome"] == "success" })
        #expect(events[0]["correlationId"] == "r-1")
        #expect(events[0]["resourceIds"] == ["x"])
        #expect(events[4]["resourceIds"] == ["y", "z"])
        #expect(events.map { $0["statusCode"]?.intValue } == [201, 200, 200, 204, 200])
    }

    @Test("failures and refusals are recorded, reads are not")
    func outcomes() async throws {
        let tenant = try await Tenant.fresh()
        let list = Catalog.agents.list
        _ = try await tenant.get(list)
        _ = try await tenant.client.head(list, headers: tenant.headers())
        _ = try await tenant.client.options(list, headers: tenant.headers())
        #expect(try await tenant.events().isEmpty)
        let cases: [(Int, String, HTTPResponse)] = [
            (400, "failure", try await tenant.post(list, ["name": 5])),
            (404, "failure", try await tenant.delete("\(list)/nope")),
            (412, "failure", try await tenant.put("\(list)/x", [:], ["If-Match": "*"])),
            (403, "denied", try await tenant.post(list, [:], ["X-User-Role": "viewer"])),
            (
                403, "denied",
                try await tenant.post(
                    "\(Catalog.agents.base)/management/refresh", [:], ["X-User-Role": "no"])
            ),
            (405, "failure", try await tenant.put(list, [:])),
        ]
        let events = Array(try await tenant.events().reversed())
        try #require(events.count == cases.count)
        for (event, (status, outcome, response)) in zip(events, cases) {
            #expect(response.status == status)
            #expect(event["statusCode"]?.intValue == Int64(status))
            #expect(event["outcome"]?.stringValue == outcome)
            #expect(event["requestId"]?.stringValue == response.header("X-Request-ID"))
            #expect(event["actor"] == "alice")
            #expect(event["plugin"] == "agents")
            #expect(event["reason"]?.stringValue?.isEmpty == false)
            #expect(event.value(at: "metadata.duration")?.stringValue?.isEmpty == false)
        }
        #expect(events[4]["actionVerb"] == "refresh")
        #expect(events[4]["resourceType"] == "refresh")
        #expect(events[1]["resourceIds"] == ["nope"])
    }

    @Test("mutations that lead nowhere are recorded, those of health and without a namespace not")
    func unrouted() async throws {
        let tenant = try await Tenant.fresh()
        let name = String(repeating: "n", count: 3_000)
        let responses = [
            try await tenant.post("/api/nowhere_catalog/v1alpha1/x?a=b", [:]),
            try await tenant.delete("/\(name)/\(name)"),
            try await tenant.put("\(Catalog.agents.list)/%zz", [:]),
            try await tenant.patch("/api", [:]),
        ]
        let missing = ContractMode.current.unrouted(404)
        #expect(responses.map(\.status) == [missing, missing, 400, missing])
        _ = try await tenant.get("/api/nowhere")
        _ = try await tenant.post("/livez", [:])
        _ = try await tenant.post("/readyz", [:])
        _ = try await tenant.client.post("/api/nowhere", headers: [:], json: [:])
        let events = Array(try await tenant.events().reversed())
        #expect(events.map { $0["statusCode"]?.intValue } == responses.map { Int64($0.status) })
        #expect(
            events.map { $0["plugin"]?.stringValue } == ["nowhere", nil, "agents", nil])
        #expect(
            events.map { $0["actionVerb"]?.stringValue } == [
                "create", "delete", "update", "patch",
            ])
        for event in events {
            #expect(event["actor"] == "alice")
            #expect(event["outcome"] == (event["statusCode"] == 403 ? "denied" : "failure"))
        }
        #expect(events[0].value(at: "metadata.path") == "/api/nowhere_catalog/v1alpha1/x")
        for (event, response) in zip(events, responses) {
            #expect(event["requestId"]?.stringValue == response.header("X-Request-ID"))
        }
        let others = try await Tenant.named("default").events("pageSize=100")
        #expect(
            others.allSatisfy { event in
                let path = event.value(at: "metadata.path")?.stringValue ?? ""
                return !["/livez", "/readyz", "/api/nowhere"].contains(path)
            })
    }

    @Test("a refresh is recorded with its job")
    func refresh() async throws {
        let tenant = try await Tenant.fresh()
        let path = "\(Catalog.agents.base)/management/refresh"
        let response = try await tenant.client.send(
            "POST", path, headers: tenant.headers(), body: [])
        #expect(response.status == 202)
        let event = try #require(try await tenant.events().first)
        #expect(event["actionVerb"] == "refresh")
        #expect(event["outcome"] == "success")
        #expect(event["statusCode"] == 202)
        #expect(event["plugin"] == "agents")
        #expect(event["resourceType"] == "refresh")
    }

    @Test("who sends no name is anonymous")
    func anonymous() async throws {
        let tenant = try await Tenant.fresh()
        _ = try await tenant.post(Catalog.agents.list, ["name": "x"], ["X-Remote-User": "  "])
        #expect(try await tenant.events().first?["actor"] == "anonymous")
    }

    @Test("a name too long to be recorded is refused, not left out")
    func longName() async throws {
        let tenant = try await Tenant.fresh()
        let longest = String(repeating: "n", count: 256)
        let list = Catalog.agents.list
        let recorded = try await tenant.post(list, ["name": "x"], ["X-Remote-User": longest])
        #expect(recorded.status == 201)
        #expect(try await tenant.events().first?["actor"]?.stringValue == longest)
        for target in [list, "\(Catalog.agents.base)/management/refresh"] {
            let refused = try await tenant.post(target, [:], ["X-Remote-User": longest + "n"])
            #expect(refused.status == 400)
        }
        #expect(try await tenant.events().count == 1)
    }

    @Test("events are listed newest first, by pages and by filters")
    func list() async throws {
        let tenant = try await Tenant.fresh()
        for number in 0..<5 {
            _ = try await tenant.put(
                "\(Catalog.agents.list)/x", ["version": .string("\(number)")],
                ["X-Remote-User": number == 3 ? "carol" : "alice"])
        }
        _ = try await tenant.post(Catalog.skills.list, ["name": "s"])
        let all = try await tenant.events()
        #expect(all.count == 6)
        let times = all.compactMap { $0["createdAt"]?.stringValue?.sortableTime }
        #expect(times == times.sorted(by: >))
        var walked: [JSONValue] = []
        var token = ""
        repeat {
            let response = try await tenant.get("\(Self.path)?pageSize=1&pageToken=\(token)")
            #expect(try response.body("totalSize") == 6)
            walked += try #require(try response.body("events")?.arrayValue)
            token = try #require(try response.body("nextPageToken")?.stringValue)
        } while !token.isEmpty && walked.count < 10
        #expect(walked == all)
        #expect(try await tenant.events("actor=carol").count == 1)
        #expect(try await tenant.events("plugin=skills").count == 1)
        #expect(try await tenant.events("action=update").count == 5)
        #expect(try await tenant.events("eventType=management").count == 6)
        #expect(try await tenant.events("eventType=nope").isEmpty)
        #expect(try await tenant.events("actor=%27%20OR%201%3D1").isEmpty)
    }

    @Test("a bad token is refused and any page size is usable")
    func pages() async throws {
        let tenant = try await Tenant.fresh()
        for token in ["x", "MQ==", "2020-01-01T00:00:00Z", "%00"] {
            #expect(try await tenant.get("\(Self.path)?pageToken=\(token)").status == 400)
        }
        for size in ["0", "-3", "x", "1000000", "99999999999999999999"] {
            #expect(try await tenant.get("\(Self.path)?pageSize=\(size)").status == 200)
        }
    }

    @Test(
        "an unknown event is not found", arguments: ["x", "00000000-0000-0000-0000-000000000000"])
    func unknown(id: String) async throws {
        let tenant = try await Tenant.fresh()
        let response = try await tenant.get("\(Self.path)/\(id)")
        #expect(response.status == 404)
        #expect(try response.json() == ["error": .string("audit event \"\(id)\" not found")])
    }

    @Test("a page holds a hundred events at the most")
    func largestPage() async throws {
        let tenant = try await Tenant.fresh()
        let path = "\(Catalog.agents.list)/x"
        _ = try await tenant.put(path, [:])
        for number in 0..<100 {
            _ = try await tenant.patch(path, ["version": .string("\(number)")])
        }
        for (size, count) in [("", 20), ("?pageSize=1000", 100), ("?pageSize=0", 20)] {
            let page = try await tenant.get(Self.path + size)
            #expect(try page.body("events")?.arrayValue?.count == count)
            #expect(try page.body("totalSize") == 101)
            #expect(try page.nextToken() != nil)
        }
    }

    @Test("recording can be switched off, as a whole or for refusals")
    func switches() async throws {
        let off = try await ServerProcess.readyInMode(
            .init(environment: ["CATALOG_AUDIT_ENABLED": "false"]))
        let quiet = try await ServerProcess.readyInMode(
            .init(environment: ["CATALOG_AUDIT_LOG_DENIED": "false"]))
        for (server, expected) in [(off, []), (quiet, ["success", "failure"])] {
            try await server.waitUntilReady()
            let list = Catalog.agents.list
            let created = try await server.client.post(
                list, headers: asOperator, json: ["name": "x"])
            #expect(created.status == 201)
            _ = try await server.client.post(list, headers: asOperator, json: ["name": "x"])
            _ = try await server.client.post(list, json: ["name": "x"])
            let events = try await server.client.get(Self.path).body("events")?.arrayValue
            let outcomes = (events ?? []).reversed().map { $0["outcome"]?.stringValue }
            #expect(outcomes == expected)
            _ = try await server.terminate()
        }
    }
}
