import CatalogModel
import Postgres
import TestSupport
import Testing

@testable import WritePath

@Suite("Governance store", .manyTurns)
struct GovernanceStoreTests {
    private struct Desk {
        let fixture: StoreFixture
        var store: GovernanceStore
        var namespace = "default"
        let asset: AssetReference

        init(
            _ rules: GovernanceRules = GovernanceRules(), poolSize: Int = 4, name: String = "a/b",
            kind: String = "agent"
        ) async throws {
            fixture = try await StoreFixture(poolSize: poolSize)
            store = GovernanceStore(
                pool: fixture.pool, observer: fixture.observations.observer, rules: rules)
            asset = try AssetReference(plugin: "agents", kind: kind, name: name)
        }

        func actor(_ name: String, roles: Set<String> = []) throws -> GovernanceActor {
            GovernanceActor(
                name: name, roles: roles, context: try fixture.context(namespace: namespace))
        }

        func act(
            _ name: String, _ params: JSONObject, by actor: String = "ann", dryRun: Bool = false
        ) async throws -> GovernanceResult {
            try await store.perform(
                name, params: params, dryRun: dryRun, on: asset, by: self.actor(actor))
        }

        /// Asks for approval of the asset's draft; returns the request's id.
        func requested() async throws -> String {
            let result = try await act("lifecycle.setState", ["state": "approved"])
            return try #require(result.data["requestId"]?.stringValue)
        }

        func state() async throws -> LifecycleState {
            try await store.record(of: asset, in: Namespace(namespace)).state
        }

        func events() async throws -> [String] {
            let filter = AuditFilter(assetUID: asset.uid)
            let page = try await fixture.audit.list(
                namespace: Namespace(namespace), filter: filter, pageSize: 100)
            return page.events.map(\.eventType).reversed()
        }
    }

    @Test func ofTwoReviewersAtOnceOneExecutes() async throws {
        let desk = try await Desk()
        _ = try await desk.store.patch(
            desk.asset, ["risk": ["level": "critical"]], by: desk.actor("ann"))
        for round in 0..<5 {
            let result = try await desk.act("lifecycle.setState", ["state": "approved"])
            let id = try #require(result.data["requestId"]?.stringValue)
            let ends = await withTaskGroup(of: String.self) { group in
                for reviewer in ["bob", "cid", "dan", "eve", "bob"] {
                    group.addTask {
                        do {
                            let end = try await desk.store.decide(
                                id, .approve, comment: "", by: desk.actor(reviewer))
                            if case .executed = end { return "executed" }
                            return "waits"
                        } catch let error as RequestError {
                            return error.code.rawValue
                        } catch {
                            return "\(error)"
                        }
                    }
                }
                return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(ends == ["executed": 1, "waits": 1, "conflict": 3], "round \(round)")
            #expect(try await desk.state() == .approved)
            // Back to a draft by the ways that need nobody.
            _ = try await desk.store.patch(
                desk.asset, ["risk": ["level": "low"]], by: desk.actor("ann"))
            _ = try await desk.act("lifecycle.archive", [:])
            _ = try await desk.act("lifecycle.restore", ["targetState": "draft"])
            _ = try await desk.store.patch(
                desk.asset, ["risk": ["level": "critical"]], by: desk.actor("ann"))
        }
        let changed = try await desk.events().count { $0 == "governance.lifecycle.changed" }
        #expect(changed == 15)
        let chain = AuditChain(
            pool: desk.fixture.pool, observer: desk.fixture.observations.observer)
        #expect(try await chain.verify(.default).isValid)
    }

    @Test func executionLooksAtTheRulesAgain() async throws {
        let desk = try await Desk()
        let (first, second) = (try await desk.requested(), try await desk.requested())
        let done = try await desk.store.decide(first, .approve, comment: "", by: desk.actor("bob"))
        guard case .executed = done else {
            Issue.record("\(done)")
            return
        }
        let end = try await desk.store.decide(second, .approve, comment: "", by: desk.actor("bob"))
        #expect(end == .notExecuted(reason: "the asset is approved, no longer draft"))
        let request = try await desk.store.approval(second, in: .default)
        #expect(request.status == .approved)
        #expect(request.resolutionNote?.hasPrefix("execution failed") == true)
        #expect(try await desk.events().last == "governance.approval.execution_failed")
    }

    @Test func thePolicyOfTheRequestDecidesHowManyApprove() async throws {
        let desk = try await Desk()
        _ = try await desk.store.patch(
            desk.asset, ["risk": ["level": "high"]], by: desk.actor("ann"))
        let id = try await desk.requested()
        _ = try await desk.store.patch(
            desk.asset, ["risk": ["level": "low"]], by: desk.actor("ann"))
        let end = try await desk.store.decide(id, .approve, comment: "", by: desk.actor("bob"))
        #expect(end == .waiting(approvals: 1, denials: 0, required: 2))
        #expect(try await desk.state() == .draft)
    }

    @Test func aDryRunIsRecordedAndNoHistory() async throws {
        let desk = try await Desk()
        let result = try await desk.act("lifecycle.setState", ["state": "approved"], dryRun: true)
        #expect(result.status == .dryRun)
        #expect(try await desk.events().isEmpty)
        let page = try await desk.fixture.audit.list(namespace: .default)
        #expect(page.events.map(\.eventType) == ["management"])
        #expect(page.events.first?.action == "lifecycle.setState")
        #expect(page.events.first?.metadata?["dryRun"] == true)
    }

    @Test func withoutThePolicyOneApprovalIsEnough() async throws {
        var desk = try await Desk()
        _ = try await desk.store.patch(
            desk.asset, ["risk": ["level": "critical"]], by: desk.actor("ann"))
        let id = try await desk.requested()
        var rules = GovernanceRules()
        rules.policies = []
        desk.store = GovernanceStore(
            pool: desk.fixture.pool, observer: desk.fixture.observations.observer, rules: rules)
        _ = try await desk.store.decide(id, .approve, comment: "", by: desk.actor("bob"))
        #expect(try await desk.state() == .approved)
    }

    @Test func rolesAreEnforcedOnlyWhenAsked() async throws {
        var rules = GovernanceRules()
        rules.enforcesRoles = true
        let desk = try await Desk(rules)
        let id = try await desk.requested()
        await #expect(throws: RequestError(.notAllowed, "")) {
            try await desk.store.decide(id, .approve, comment: "", by: desk.actor("bob"))
        }
        _ = try await desk.store.decide(
            id, .approve, comment: "", by: desk.actor("bob", roles: ["tech-lead"]))
        #expect(try await desk.state() == .approved)
    }

    @Test func requestsExpireWithAndWithoutTheSweep() async throws {
        let desk = try await Desk()
        let id = try await desk.requested()
        #expect(try await ApprovalSweep.run(desk.fixture.pool) == 0)
        _ = try await desk.fixture.row(
            """
            UPDATE governance_approvals SET expires_at = now() - interval '1 second' RETURNING 1
            """)
        #expect(try await desk.store.approval(id, in: .default).status == .expired)
        await #expect(throws: RequestError.conflict("")) {
            try await desk.store.decide(id, .approve, comment: "", by: desk.actor("bob"))
        }
        await #expect(throws: RequestError.conflict("")) {
            try await desk.store.cancel(id, reason: "", by: desk.actor("bob"))
        }
        func listed(_ status: String) async throws -> Int {
            let page = try await desk.store.approvals(
                in: .default, status: status, assetUID: nil, size: nil, token: nil)
            return page.totalSize
        }
        #expect(try await listed("expired") == 1)
        #expect(try await listed("pending") == 0)
        #expect(try await ApprovalSweep.run(desk.fixture.pool) == 1)
        #expect(try await ApprovalSweep.run(desk.fixture.pool) == 0)
        let request = try await desk.store.approval(id, in: .default)
        #expect(request.status == .expired && request.resolvedBy == "system")
        #expect(try await desk.events().last == "governance.approval.expired")
        #expect(try await desk.state() == .draft)
    }

    @Test(.onPostgres) func aVersionKeepsWhatTheCatalogHeld() async throws {
        let desk = try await Desk()
        try await desk.fixture.insert(source: "agents-default", name: "a/b")
        _ = try await desk.fixture.row(
            """
            INSERT INTO catalog_sources (plugin, id, name, type, properties)
            VALUES ('agents', 'agents-default', 'A', 'git', '{"repoUrl": "https://x/y"}') RETURNING 1
            """)
        let version = try await desk.store.createVersion(
            of: desk.asset, label: "v1", reason: "first", by: desk.actor("ann"))
        let digest = try await desk.fixture.row(
            "SELECT 'sha256:' || encode(sha256(convert_to(doc::text, 'UTF8')), 'hex') FROM entities"
        )
        #expect(version.contentDigest == digest)
        #expect(version.id.hasPrefix("v1:") && version.id.count == 11)
        let provenance = try #require(version.provenance)
        #expect(provenance["sourceType"] == "git" && provenance["sourceId"] == "agents-default")
        #expect(provenance["sourceUri"] == "https://x/y" && provenance["revisionId"] == "1")
        #expect(provenance["integrity"]?["verified"] == true)
        #expect(
            try await desk.fixture.row("SELECT snapshot->'document' FROM governance_versions")
                == "{\"name\": \"a/b\"}")
        // The document changes; the version does not.
        _ = try await desk.fixture.row(
            "UPDATE entities SET doc = doc || '{\"version\": \"2\"}' RETURNING 1")
        let page = try await desk.store.versions(
            of: desk.asset, in: .default, size: nil, token: nil)
        #expect(page.items == [version])
        let made = try await Desk(kind: "madeup")
        let bare = try await made.store.createVersion(
            of: made.asset, label: "v1", reason: "", by: made.actor("ann"))
        #expect(bare.contentDigest == nil && bare.provenance == nil)
    }

    @Test func untrustedSourcesAreNotVerified() async throws {
        var rules = GovernanceRules()
        rules.trustedSources = ["elsewhere"]
        let desk = try await Desk(rules, kind: "Agent")
        try await desk.fixture.insert(source: "s", name: "a/b")
        let version = try await desk.store.createVersion(
            of: desk.asset, label: "v", reason: "", by: desk.actor("ann"))
        #expect(version.provenance?["integrity"]?["verified"] == false)
        #expect(version.contentDigest != nil)
    }

    @Test func nothingIsSeenFromAnotherNamespace() async throws {
        var desk = try await Desk()
        let id = try await desk.requested()
        let version = try await desk.store.createVersion(
            of: desk.asset, label: "v", reason: "", by: desk.actor("ann"))
        desk.namespace = "other"
        let other = try Namespace("other")
        await #expect(throws: RequestError.notFound("")) {
            try await desk.store.approval(id, in: other)
        }
        await #expect(throws: RequestError.notFound("")) {
            try await desk.store.decide(id, .approve, comment: "", by: desk.actor("bob"))
        }
        await #expect(throws: RequestError.notFound("")) {
            try await desk.store.cancel(id, reason: "", by: desk.actor("bob"))
        }
        _ = try await desk.store.record(of: desk.asset, in: other)
        await #expect(throws: RequestError.notFound("")) {
            try await desk.store.bind(
                desk.asset, environment: "dev", versionID: version.id, by: desk.actor("bob"))
        }
        #expect(
            try await desk.store.versions(of: desk.asset, in: other, size: nil, token: nil)
                .totalSize == 0)
        #expect(try await desk.events().isEmpty)
    }
}
