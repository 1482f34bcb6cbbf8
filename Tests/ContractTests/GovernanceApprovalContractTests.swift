import CatalogModel
import Foundation
import TestSupport
import Testing

@Suite("Governance: approvals, versions and bindings", .turns, .timeLimit(.minutes(5)))
struct GovernanceApprovalContractTests {
    private func asked(_ asset: GovernedAsset) async throws -> String {
        let response = try await asset.act(
            "lifecycle.setState", ["state": "approved", "reason": "ready"])
        try #require(response.status == 202, "\(response.text)")
        #expect(try response.body("status") == "pending-approval")
        return try #require(try response.body("data.requestId")?.stringValue)
    }

    @Test("a critical asset needs two reviewers, each of whom counts once")
    func critical() async throws {
        let asset = try await GovernedAsset.fresh()
        _ = try await asset.send("PATCH", "", ["risk": ["level": "critical"]])
        let id = try await asked(asset)
        let own = try await asset.decide(id, "approve", by: "ann")
        #expect(try own.status == 403 && own.body("error")?.stringValue != nil)
        #expect(try own.body("message") == nil)
        let first = try await asset.decide(id, "approve", by: "bob")
        #expect(
            try first.json() == [
                "decision": "approve", "requestId": .string(id), "status": "pending",
                "approvesCount": 1, "deniesCount": 0, "requiredCount": 2,
            ])
        #expect(try await asset.decide(id, "approve", by: "bob").status == 409)
        #expect(try await asset.decide(id, "maybe", by: "cid").status == 400)
        let second = try await asset.decide(id, "approve", by: "cid")
        #expect(try second.body("decision") == "approved")
        #expect(try second.body("autoExecuted") == true)
        #expect(try second.body("result.status") == "completed")
        #expect(
            try second.body("result.data") == [
                "from": "draft", "to": "approved", "reason": "ready",
            ])
        #expect(try await asset.decide(id, "approve", by: "dan").status == 409)
        let request = try await asset.send("GET", "\(GovernedAsset.root)/approvals/\(id)")
        #expect(try request.body("status") == "approved")
        #expect(try request.body("decisions")?.arrayValue?.count == 2)
        #expect(try request.body("policyId") == "high-risk-approval")
        let events = try await asset.history().dropFirst()
        #expect(events.first?["outcome"] == "pending")
        #expect(events.allSatisfy { $0["correlationId"]?.stringValue == id })
    }

    @Test("the first denial ends a request where the policy says so")
    func denial() async throws {
        let asset = try await GovernedAsset.fresh()
        let id = try await asked(asset)
        let denied = try await asset.decide(id, "deny", by: "bob")
        #expect(try denied.json() == ["decision": "denied", "requestId": .string(id)])
        #expect(try await asset.send("GET").body("governance.lifecycle.state") == "draft")
        let types = try await asset.history().map { $0["eventType"]?.stringValue }
        #expect(types.last == "governance.approval.denied")
    }

    @Test("requests are listed, filtered and canceled")
    func cancel() async throws {
        let asset = try await GovernedAsset.fresh()
        let list = "\(GovernedAsset.root)/approvals"
        let empty = try await asset.send("GET", list)
        #expect(try empty.json() == ["requests": [], "totalSize": 0])
        let (first, second) = (try await asked(asset), try await asked(asset))
        #expect(try await asset.send("POST", "\(list)/\(first)/cancel").status == 400)
        let canceled = try await asset.send("POST", "\(list)/\(first)/cancel", ["reason": "no"])
        #expect(canceled.status == 200)
        #expect(try canceled.json() == ["status": "canceled", "requestId": .string(first)])
        #expect(
            try await asset.send("POST", "\(list)/\(first)/cancel", [:]).status == 409)
        for (query, ids) in [
            ("status=pending", [second]), ("status=canceled", [first]),
            ("assetUid=\(encoded(asset.uid))", [second, first]), ("assetUid=x", []),
        ] {
            let page = try await asset.send("GET", "\(list)?\(query)")
            let found = try page.body("requests")?.arrayValue?.compactMap { $0["id"]?.stringValue }
            #expect(found == ids)
        }
        let page = try await asset.send("GET", "\(list)?pageSize=1")
        let token = try #require(try page.nextToken())
        let next = try await asset.send("GET", "\(list)?pageSize=1&pageToken=\(token)")
        #expect(try next.body("requests")?.arrayValue?.first?["id"]?.stringValue == first)
        #expect(try next.nextToken() == nil)
        for id in ["x", "00000000-0000-0000-0000-000000000000"] {
            #expect(try await asset.send("GET", "\(list)/\(id)").status == 404)
            #expect(try await asset.decide(id, "deny", by: "bob").status == 404)
            #expect(try await asset.send("POST", "\(list)/\(id)/cancel", [:]).status == 404)
        }
        let other = try await GovernedAsset.fresh()
        #expect(try await other.send("GET", "\(list)/\(second)").status == 404)
        #expect(try await other.decide(second, "approve", by: "bob").status == 404)
    }

    @Test("versions are bound, promoted and rolled back within one asset")
    func promotion() async throws {
        let asset = try await GovernedAsset.fresh()
        #expect(
            try await asset.send("PUT", "/bindings/dev", ["versionId": "x"]).status == 404)
        #expect(try await asset.send("POST", "/versions", ["reason": "x"]).status == 400)
        var ids: [String] = []
        for label in ["v1.0", "v1.1"] {
            let made = try await asset.send("POST", "/versions", ["versionLabel": .string(label)])
            #expect(made.status == 201)
            let id = try #require(try made.body("versionId")?.stringValue)
            #expect(id.hasPrefix("\(label):") && id.count == label.count + 9)
            #expect(try made.body("createdBy") == "ann")
            ids.append(id)
        }
        let newest = try await asset.send("GET", "/versions?pageSize=1")
        #expect(try newest.body("versions")?.arrayValue?.first?["versionId"]?.stringValue == ids[1])
        let token = try #require(try newest.nextToken())
        let oldest = try await asset.send("GET", "/versions?pageSize=1&pageToken=\(token)")
        #expect(try oldest.body("versions")?.arrayValue?.first?["versionId"]?.stringValue == ids[0])
        #expect(try oldest.body("nextPageToken") == nil)

        let bound = try await asset.send("PUT", "/bindings/dev", ["versionId": .string(ids[0])])
        #expect(try bound.status == 200 && bound.body("environment") == "dev")
        #expect(try bound.body("warnings") == nil)
        for environment in ["stage", "prod", "nowhere"] {
            let refused = try await asset.send(
                "PUT", "/bindings/\(environment)", ["versionId": .string(ids[0])])
            #expect(refused.status == 400)
        }
        #expect(try await asset.send("PUT", "/bindings/dev", [:]).status == 400)
        try await asset.approved()
        let again = try await asset.act(
            "promotion.bind", ["environment": "dev", "versionId": .string(ids[1])])
        #expect(
            try again.body("data") == [
                "environment": "dev", "versionId": .string(ids[1]),
                "previousVersionId": .string(ids[0]),
            ])
        let promoted = try await asset.act(
            "promotion.promote", ["fromEnv": "dev", "toEnv": "stage"])
        #expect(try promoted.body("data.versionId")?.stringValue == ids[1])
        let target: JSONValue = ["environment": "dev", "targetVersionId": .string(ids[0])]
        let dry = try await asset.act("promotion.rollback", target, dryRun: true)
        #expect(try dry.body("data.currentVersionId")?.stringValue == ids[1])
        let back = try await asset.act("promotion.rollback", target)
        #expect(try back.body("data.previousVersionId")?.stringValue == ids[1])
        let bindings = try await asset.send("GET", "/bindings").body("bindings")?.arrayValue
        #expect(bindings?.map { $0["environment"]?.stringValue } == ["dev", "stage"])
        #expect(bindings?.map { $0["versionId"]?.stringValue } == ids)

        _ = try await asset.act("lifecycle.deprecate")
        let late = try await asset.send("PUT", "/bindings/prod", ["versionId": .string(ids[1])])
        #expect(try late.body("warnings")?.arrayValue?.count == 1)
        _ = try await asset.act("lifecycle.archive")
        let never = try await asset.send("PUT", "/bindings/dev", ["versionId": .string(ids[1])])
        #expect(never.status == 400)
        let types = try await asset.history().compactMap { $0["eventType"]?.stringValue }
        for type in ["bound", "promoted", "rollback"] {
            #expect(types.contains("governance.promotion.\(type)"))
        }
        let stranger = GovernedAsset(
            tenant: asset.tenant, path: "\(GovernedAsset.root)/assets/mcp/mcpserver/stranger",
            uid: "mcp:mcpserver:stranger")
        _ = try await stranger.send("GET")
        let foreign = try await stranger.send(
            "PUT", "/bindings/dev", ["versionId": .string(ids[0])])
        #expect(foreign.status == 404)
    }

    @Test("the operator's files decide on environments and policies")
    func files() async throws {
        let folder = try ServerFiles.temporaryFolder()
        let settings = "\(folder)/governance.yaml"
        let policies = "\(folder)/policies.yaml"
        try "environments: [lab, live]\n".write(
            toFile: settings, atomically: true, encoding: .utf8)
        try "policies: []\n".write(toFile: policies, atomically: true, encoding: .utf8)
        let server = try await ServerProcess.readyInMode(
            .init(environment: [
                "CATALOG_GOVERNANCE_CONFIG": settings, "CATALOG_APPROVAL_POLICIES": policies,
            ]))
        let asset = "\(GovernedAsset.root)/assets/mcp/mcpserver/x"
        let moved = try await server.client.post(
            "\(asset)/actions/lifecycle.setState", json: ["params": ["state": "approved"]])
        #expect(try moved.status == 200 && moved.body("status") == "completed")
        let version = try await server.client.post(
            "\(asset)/versions", json: ["versionLabel": "v"])
        let id = try #require(try version.body("versionId"))
        let draft = "\(GovernedAsset.root)/assets/mcp/mcpserver/draft"
        let early = try await server.client.post("\(draft)/versions", json: ["versionLabel": "v"])
        let earlyID = try #require(try early.body("versionId"))
        for (environment, status) in [("lab", 200), ("live", 400)] {
            let bound = try await server.client.put(
                "\(draft)/bindings/\(environment)", json: ["versionId": earlyID])
            #expect(bound.status == status)
        }
        for (environment, status) in [("live", 200), ("prod", 400)] {
            let bound = try await server.client.put(
                "\(asset)/bindings/\(environment)", json: ["versionId": id])
            #expect(bound.status == status)
        }
        let capabilities = try await server.client.get("/api/plugins/mcp/capabilities")
        let entity = try capabilities.body("entities")?.arrayValue?.first
        #expect(entity?.value(at: "governance.versioning.environments") == ["lab", "live"])
        try await server.terminate()
    }

    @Test("a file of policies that is named and missing means that nothing waits")
    func missingPolicies() async throws {
        let server = try await ServerProcess.readyInMode(
            .init(environment: ["CATALOG_APPROVAL_POLICIES": "/nowhere/policies.yaml"]))
        let policies = try await server.client.get("\(GovernedAsset.root)/policies")
        #expect(try policies.json() == ["policies": []])
        try await server.terminate()
    }
}
