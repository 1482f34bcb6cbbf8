import CatalogModel
import TestSupport
import Testing

/// A made-up asset of a namespace of its own.
struct GovernedAsset {
    static let root = "/api/governance/v1alpha1"

    let tenant: Tenant
    let path: String
    let uid: String

    static func fresh(_ kind: String = "mcpserver") async throws -> GovernedAsset {
        let name = "made-up-\(UInt32.random(in: 0 ... .max))"
        return GovernedAsset(
            tenant: try await Tenant.fresh(), path: "\(root)/assets/mcp/\(kind)/\(name)",
            uid: "mcp:\(kind):\(name)")
    }

    /// Sends a request as a caller who has nothing but a principal's name.
    func send(
        _ method: String, _ rest: String = "", _ json: JSONValue? = nil, by actor: String? = "ann"
    ) async throws -> HTTPResponse {
        let target = rest.hasPrefix("/api") ? rest : path + rest
        var headers = ["X-Namespace": tenant.namespace]
        headers["X-User-Principal"] = actor
        return try await tenant.client.send(
            method, target, headers: headers, body: json.map { $0.encoded })
    }

    func act(
        _ action: String, _ params: JSONValue = [:], dryRun: Bool = false, by actor: String = "ann"
    ) async throws -> HTTPResponse {
        try await send(
            "POST", "/actions/\(action)", ["dryRun": .bool(dryRun), "params": params], by: actor)
    }

    func decide(_ id: String, _ verdict: String, by actor: String) async throws -> HTTPResponse {
        try await send(
            "POST", "\(Self.root)/approvals/\(id)/decisions", ["verdict": .string(verdict)],
            by: actor)
    }

    /// The events of the asset, oldest first.
    func history() async throws -> [JSONValue] {
        let response = try await send("GET", "/history?pageSize=100")
        return Array(try #require(try response.body("events")?.arrayValue).reversed())
    }

    func approved() async throws {
        let asked = try await act("lifecycle.setState", ["state": "approved"])
        try #require(asked.status == 202, "\(asked.text)")
        let id = try #require(try asked.body("data.requestId")?.stringValue)
        let decided = try await decide(id, "approve", by: "bob")
        try #require(decided.status == 200, "\(decided.text)")
    }
}

@Suite("Governance: records and lifecycle", .turns, .timeLimit(.minutes(5)))
struct GovernanceContractTests {
    @Test("an asset that nobody has spoken about has the default record")
    func defaults() async throws {
        let asset = try await GovernedAsset.fresh()
        let response = try await asset.send("GET")
        #expect(response.status == 200)
        #expect(response.header("Content-Type") == "application/json")
        #expect(
            try response.body("governance") == [
                "risk": ["level": "medium"],
                "lifecycle": ["state": "draft", "reason": "", "changedBy": "", "changedAt": ""],
            ])
        #expect(try response.body("assetRef.kind") == "mcpserver")
        #expect(try await asset.history().isEmpty)
    }

    @Test("PATCH replaces sections, is one event, and leaves the lifecycle's state alone")
    func patch() async throws {
        let asset = try await GovernedAsset.fresh()
        let first = try await asset.send(
            "PATCH", "",
            [
                "owner": ["principal": "ann", "email": "a@x"], "team": ["name": "t"],
                "risk": ["level": "high", "categories": ["pii"]], "unknown": 1,
            ])
        #expect(first.status == 200, "\(first.text)")
        let events = try await asset.history()
        #expect(events.count == 1)
        #expect(events[0]["eventType"] == "governance.metadata.changed")
        #expect(events[0]["action"] == "patch" && events[0]["actor"] == "ann")
        #expect(events[0]["assetUid"]?.stringValue == asset.uid)
        let audit = try await asset.tenant.events()
        #expect(audit.count == 1 && audit[0]["id"] == events[0]["id"])
        let second = try await asset.send("PATCH", "", ["owner": ["principal": "bob"]])
        #expect(try second.body("governance.owner") == ["principal": "bob"])
        #expect(try second.body("governance.team") == ["name": "t"])
        let state = try await asset.send("PATCH", "", ["lifecycle": ["state": "approved"]])
        #expect(state.status == 400)
        #expect(try state.body("code") == "LIFECYCLE_TRANSITION_DENIED")
        let same = try await asset.send("PATCH", "", ["lifecycle": ["state": "draft"]])
        #expect(same.status == 200)
        for body: JSONValue in [
            ["risk": ["level": "huge"]], ["sla": ["responseHours": "x"]], ["owner": "ann"], [1],
        ] {
            #expect(try await asset.send("PATCH", "", body).status == 400)
        }
        #expect(try await asset.send("PATCH").status == 400)
        #expect(try await asset.send("GET").body("governance.lifecycle.state") == "draft")
    }

    @Test(
        "the actor is the principal, else the role, else the system",
        .modes(.none, .sar, because: "where tokens give the role, the header says nothing"))
    func actors() async throws {
        let asset = try await GovernedAsset.fresh()
        _ = try await asset.send("PATCH", "", ["team": ["name": "a"]])
        _ = try await asset.send("PATCH", "", ["team": ["name": "b"]], by: nil)
        _ = try await asset.tenant.patch(asset.path, ["team": ["name": "c"]])
        let actors = try await asset.history().map { $0["actor"]?.stringValue }
        #expect(actors == ["ann", "system", "operator"])
    }

    @Test("refused changes of the lifecycle say code, states and message")
    func refusals() async throws {
        let asset = try await GovernedAsset.fresh()
        for (state, code) in [
            ("deprecated", "LIFECYCLE_TRANSITION_DENIED"),
            ("archived", "LIFECYCLE_TRANSITION_DENIED"),
            ("published", "LIFECYCLE_INVALID_TRANSITION"),
        ] {
            let response = try await asset.act("lifecycle.setState", ["state": .string(state)])
            #expect(response.status == 400)
            let body = try #require(try response.json().objectValue)
            #expect(Set(body.keys) == ["code", "from", "to", "message"])
            #expect(body["code"]?.stringValue == code && body["from"] == "draft")
            #expect(body["to"]?.stringValue == state)
        }
        for (action, params): (String, JSONValue) in [
            ("lifecycle.setState", [:]), ("nope", [:]), ("version.create", [:]),
            ("promotion.bind", ["environment": "dev", "versionId": "v:1"]),
            ("promotion.promote", ["fromEnv": "dev", "toEnv": "dev"]),
            ("promotion.promote", ["fromEnv": "dev", "toEnv": "stage"]),
            ("promotion.rollback", ["environment": "dev", "targetVersionId": "v:1"]),
        ] {
            let response = try await asset.act(action, params)
            #expect(response.status == 400)
            #expect(try response.body("error")?.stringValue?.isEmpty == false)
        }
        #expect(try await asset.send("POST", "/actions/lifecycle.deprecate").status == 400)
    }

    @Test("medium risk needs one approval, and a deprecated asset is archived at once")
    func medium() async throws {
        let asset = try await GovernedAsset.fresh()
        let dry = try await asset.act("lifecycle.setState", ["state": "approved"], dryRun: true)
        #expect(try dry.status == 200 && dry.body("status") == "dry-run")
        #expect(
            try dry.body("data") == [
                "from": "draft", "to": "approved", "requiresApproval": true,
                "policyId": "production-promotion", "requiredCount": 1,
            ])
        try await asset.approved()
        let deprecated = try await asset.act("lifecycle.deprecate", ["reason": "old"])
        #expect(deprecated.status == 200)
        #expect(
            try deprecated.body("data") == [
                "from": "approved", "to": "deprecated", "reason": "old",
            ])
        let archived = try await asset.act("lifecycle.archive")
        #expect(try archived.status == 200 && archived.body("status") == "completed")
        let restored = try await asset.act("lifecycle.restore")
        #expect(try restored.body("data.to") == "deprecated")
        let record = try await asset.send("GET")
        #expect(try record.body("governance.lifecycle.changedBy") == "ann")
        #expect(
            try await asset.history().map { $0["eventType"]?.stringValue } == [
                "governance.approval.requested", "governance.approval.decision",
                "governance.lifecycle.changed", "governance.lifecycle.changed",
                "governance.lifecycle.changed", "governance.lifecycle.changed",
            ])
    }

    @Test("history pages of one event do not overlap with the raw token in the address")
    func history() async throws {
        let asset = try await GovernedAsset.fresh()
        for number in 0..<4 {
            _ = try await asset.send("PATCH", "", ["team": ["name": .string("\(number)")]])
        }
        var seen: [JSONValue] = []
        var token: String?
        repeat {
            let next = token.map { "&pageToken=\($0)" } ?? ""
            let page = try await asset.send("GET", "/history?pageSize=1\(next)")
            try #require(page.status == 200, "\(page.text)")
            #expect(try page.body("totalSize") == 4)
            seen += try #require(try page.body("events")?.arrayValue)
            token = try page.nextToken()
        } while token != nil && seen.count < 10
        #expect(seen.map { $0["id"] }.count == 4 && Set(seen).count == 4)
        #expect(Array(seen.reversed()) == (try await asset.history()))
        #expect(try await asset.send("GET", "/history?pageToken=2020-01-01").status == 400)
    }

    @Test("policies are listed, and names with slashes are one segment")
    func shapes() async throws {
        let asset = try await GovernedAsset.fresh()
        let policies = try await asset.send("GET", "\(GovernedAsset.root)/policies")
        let ids = try policies.body("policies")?.arrayValue?.map { $0["id"]?.stringValue }
        #expect(ids == ["high-risk-approval", "production-promotion", "archive-gate"])
        let slashed = try await asset.send("GET", "\(GovernedAsset.root)/assets/model/m/acme%2Fx")
        #expect(try slashed.body("assetRef.name") == "acme/x")
        #expect(try await asset.send("DELETE").status == 405)
        #expect(try await asset.send("DELETE").header("Allow") == "GET, HEAD, PATCH")
        for path in ["/assets/a/b", "/assets/a/b/c/d", "/nope", "/assets/a//c"] {
            let missing = try await asset.send("GET", GovernedAsset.root + path)
            #expect(missing.status == ContractMode.current.unrouted(404))
        }
        let long = JSONValue.object([
            "team": ["name": .string(String(repeating: "x", count: 300_000))]
        ])
        #expect(try await asset.send("PATCH", "", long).status == 413)
    }
}
