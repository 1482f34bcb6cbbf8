import CatalogModel
import Foundation
import TestSupport
import Testing

/// Properties that refer to Kubernetes Secrets (contract, section 1.7).
@Suite("Secrets of sources", .turns, .timeLimit(.minutes(5)))
struct SecretReferenceContractTests {
    private func put(
        _ text: String, _ name: String, in namespace: String, _ cluster: KubernetesDouble
    ) {
        let data = Data(text.utf8).base64EncodedString()
        cluster.put(
            ["apiVersion": "v1", "kind": "Secret", "data": ["agents.yaml": .string(data)]],
            at: "/api/v1/namespaces/\(namespace)/secrets/\(name)")
    }

    /// A source whose whole text lies in a Secret, so that its entities show what was resolved.
    private func input(_ id: String, _ reference: JSONValue) -> JSONValue {
        [
            "id": .string(id), "name": "S", "type": "yaml", "refreshAfterApply": true,
            "properties": ["content": reference],
        ]
    }

    @Test("a reference is resolved for the provider and kept as it is", arguments: ["file", "k8s"])
    func resolved(mode: String) async throws {
        let site = try await ConfigStoreSite.start(mode)
        let (manager, cluster) = (site.manager(), site.cluster)
        let name = "texts-\(site.mapName)"
        // The namespace of the pod is the one where the server looks by itself.
        put("agents: [{name: own}]", name, in: "catalog-system", cluster)
        put("agents: [{name: other}]", name, in: "elsewhere", cluster)
        let own: JSONValue = ["name": .string(name), "key": "agents.yaml"]
        let applied = try await manager.post("apply-source", input("own", own))
        #expect(applied.status == 200, "\(applied.text)")
        #expect(try applied.body("properties.content") == own, "a reference is no secret")
        #expect(try await site.names("own") == ["own"])
        let other = JSONMergePatch.apply(["namespace": "elsewhere"], to: own)
        #expect(try await manager.post("apply-source", input("other", other)).status == 200)
        #expect(try await site.names("other") == ["other"])
        for text in try [site.fileText(), site.mapText ?? ""] {
            #expect(!text.contains("name: own"), "the secret is nowhere but in the Secret")
        }
        let stored = try await TenantDatabase.texts(
            "SELECT count(*) FROM catalog_sources WHERE properties::text LIKE '%name: o%'",
            of: site.tenant)
        #expect(stored == ["0"])
        put("agents: [{name: rotated}]", name, in: "catalog-system", cluster)
        let refreshed = try await manager.post("sources/own:action", ["action": "refresh"])
        #expect(try refreshed.body("status") == "completed")
        #expect(try await site.names("own") == ["rotated"])
        try await site.server.restart()
        try await site.server.waitUntilReady()
        #expect(try await site.names("other") == ["other"])
        _ = try await site.server.terminate()
    }

    @Test("a reference that leads nowhere is a problem of the source")
    func missing() async throws {
        let site = try await ConfigStoreSite.of("database")
        let manager = site.manager(.named("guardrails"))
        put("text", "there", in: "catalog-system", site.cluster)
        for reference: JSONValue in [
            ["name": "absent", "key": "k"], ["name": "there", "key": "absent"],
            ["name": "../configmaps/x", "key": "k"],
            ["name": "there", "namespace": "a/b", "key": "k"],
        ] {
            let response = try await manager.post("apply-source", input("s", reference))
            #expect(response.status == 422, "\(response.text)")
            let layers = try #require(try response.body("layerResults")?.arrayValue)
            let failed = layers.filter { $0["valid"] == false }.map { $0["layer"] }
            #expect(failed == ["provider"])
            #expect(
                try response.body("errors")?.arrayValue?.first?["message"]?.stringValue?
                    .contains("property \"content\"") == true)
        }
        site.cluster.set(.status(503), on: "/secrets/there")
        let outage = try await manager.post(
            "apply-source", input("s", ["name": "there", "key": "agents.yaml"]))
        #expect(outage.status == 503, "\(outage.text)")
        site.cluster.clearFaults()
        #expect(try await manager.list().isEmpty)
    }

    @Test("a tenant has the Secrets of its own namespace and no others")
    func tenants() async throws {
        let site = try await ConfigStoreSite.start(
            "database", ["CATALOG_TENANCY_MODE": "namespace"])
        let name = "tenant-\(site.mapName)"
        put("agents: [{name: mine}]", name, in: "team-a", site.cluster)
        put("agents: [{name: theirs}]", name, in: "team-b", site.cluster)
        let tenant = Tenant(server: site.server, namespace: "team-a")
        let manager = SourceClient(tenant, .agents)
        let own: JSONValue = ["name": .string(name), "key": "agents.yaml"]
        #expect(try await manager.post("apply-source", input("own", own)).status == 200)
        #expect(try await manager.names() == ["mine"])
        for namespace in ["team-b", "catalog-system", "default"] {
            let other = JSONMergePatch.apply(["namespace": .string(namespace)], to: own)
            let response = try await manager.post("apply-source", input("other", other))
            #expect(response.status == 422, "\(response.text)")
        }
        #expect(try await manager.names() == ["mine"])
        _ = try await site.server.terminate()
    }

    @Test("a source of the API stays the tenant's when it was read from the file again")
    func stays() async throws {
        let site = try await ConfigStoreSite.start("file", ["CATALOG_TENANCY_MODE": "namespace"])
        let name = "stays-\(site.mapName)"
        put("agents: [{name: mine}]", name, in: "default", site.cluster)
        put("agents: [{name: operators}]", name, in: "catalog-system", site.cluster)
        let own: JSONValue = ["name": .string(name), "key": "agents.yaml"]
        let applied = try await site.manager().post("apply-source", input("own", own))
        #expect(applied.status == 200, "\(applied.text)")
        #expect(try await site.names("own") == ["mine"])
        try await site.server.restart()
        try await site.server.waitUntilReady()
        let refreshed = try await site.manager().post(
            "sources/own:action", ["action": "refresh"])
        #expect(try refreshed.body("status") == "completed")
        #expect(try await site.names("own") == ["mine"])
        try site.edit { $0.replacingOccurrences(of: "name: S\n", with: "name: Renamed\n") }
        try await site.eventually("the new name") {
            try await site.manager().list().last?["name"] == "Renamed"
        }
        _ = try await site.manager().post("sources/own:action", ["action": "refresh"])
        #expect(try await site.names("own") == ["mine"])
        // The operator's own source is another matter.
        try site.edit { $0.replacingOccurrences(of: "id: own\n", with: "id: theirs\n") }
        try await site.eventually("the operator's source") {
            try await site.names("theirs") == ["operators"]
        }
        _ = try await site.server.terminate()
    }

    @Test("outside of a cluster a reference is refused")
    func noCluster() async throws {
        let tenant = try await Tenant.fresh()
        let manager = SourceClient(tenant, .agents)
        let response = try await manager.post(
            "apply-source", input("s", ["name": "a", "key": "k"]))
        #expect(response.status == 422, "\(response.text)")
        #expect(try await manager.list().isEmpty)
    }
}
