import CatalogModel
import TestSupport
import Testing

/// The config store `k8s` (contract, section 4.3), over a double of the cluster.
@Suite("Sources kept in a ConfigMap", .turns, .timeLimit(.minutes(5)))
struct ConfigMapContractTests {
    private static let list = "catalog.kubeflow.org/revisions"

    private func annotations(_ site: ConfigStoreSite) throws -> JSONObject {
        let object = try #require(site.cluster.object(site.mapPath))
        return object.value(at: "metadata.annotations")?.objectValue ?? JSONObject()
    }

    @Test("the ConfigMap begins as the sources file and keeps ten states")
    func written() async throws {
        let site = try await ConfigStoreSite.start("k8s")
        let manager = site.manager()
        #expect(site.mapText == ConfigStoreSite.text)
        _ = try await manager.apply("extra", ["one"])
        #expect(site.mapText?.contains("- id: extra\n") == true)
        #expect(try site.fileText() == ConfigStoreSite.text)
        let version = try #require(
            try await manager.revisions("extra").first?["version"]?.stringValue)
        let kept = try annotations(site)
        #expect(kept["catalog.kubeflow.org/rev-\(version)"]?.stringValue == site.mapText)
        for number in 0..<12 { _ = try await manager.apply("extra", ["n\(number)"]) }
        let text = try #require(try annotations(site)[Self.list]?.stringValue)
        #expect(try JSONParser.parse(Array(text.utf8)).arrayValue?.count == 10)
        #expect(try annotations(site).count == 11)
        // States are dropped where the cluster would not take them all.
        var input = manager.input("large", ["one"])
        input["properties"] = [
            "content": "agents: []", "note": .string(String(repeating: "x", count: 100_000)),
        ]
        for name in ["A", "B", "C"] {
            input["name"] = .string(name)
            let response = try await manager.post("apply-source", .object(input))
            #expect(response.status == 200, "\(response.text)")
        }
        #expect(try await manager.revisions("large").count == 2)
        _ = try await site.server.terminate()
    }

    @Test("what somebody else writes is a conflict, and is taken over")
    func edited() async throws {
        let site = try await ConfigStoreSite.start("k8s")
        let manager = site.manager()
        _ = try await manager.apply("extra", ["one"])
        let before = site.mapText
        // The cluster has a newer version than the one that was read.
        site.cluster.set(.status(409), on: site.mapName, method: "PUT")
        let refused = try await manager.post(
            "apply-source", .object(manager.input("extra", ["two"])))
        #expect(refused.status == 409, "\(refused.text)")
        #expect(try refused.body("error") == "Conflict")
        site.cluster.clearFaults()
        #expect(site.mapText == before)
        #expect(try await site.names("extra") == ["one"])
        try site.editMap { $0.replacing("name: base", with: "name: edited") }
        try await site.eventually("the edited source") {
            try await site.names("base") == ["edited"]
        }
        site.cluster.endWatches()
        try site.editMap { $0.replacing("name: edited", with: "name: again") }
        try await site.eventually("the change after a broken watch") {
            try await site.names("base") == ["again"]
        }
        _ = try await manager.apply("extra", ["two"])
        #expect(site.mapText?.contains("name: again") == true)
        let text = try #require(site.cluster.object(site.mapPath))
        site.cluster.remove(site.mapPath)
        let gone = try await manager.post(
            "apply-source", .object(manager.input("extra", ["three"])))
        #expect(gone.status == 409, "a ConfigMap that somebody has removed is not made anew")
        #expect(site.mapText == nil)
        #expect(try await site.names("extra") == ["two"])
        site.cluster.put(text, at: site.mapPath)
        _ = try await manager.apply("extra", ["four"])
        _ = try await site.server.terminate()
    }

    @Test("without the cluster changes are refused and reads go on")
    func outage() async throws {
        let site = try await ConfigStoreSite.start("k8s")
        let manager = site.manager()
        let before = try await manager.list()
        for fault in [KubernetesDouble.Fault.status(503), .drop] {
            site.cluster.set(fault, on: site.mapName)
            let refused = try await manager.post(
                "apply-source", .object(manager.input("extra", ["one"])))
            #expect(refused.status == 503, "\(refused.text)")
            #expect(try await manager.list() == before)
            site.cluster.clearFaults()
        }
        site.cluster.set(.status(403), on: site.mapName, method: "PUT")
        let forbidden = try await manager.post(
            "apply-source", .object(manager.input("extra", ["one"])))
        #expect(forbidden.status == 500)
        #expect(try await manager.list() == before)
        site.cluster.clearFaults()
        _ = try await manager.apply("extra", ["one"])
        _ = try await site.server.terminate()
    }

    @Test(
        "a ConfigMap that cannot be there stops the server",
        arguments: [
            ["KUBERNETES_SERVICE_HOST": ""], ["CATALOG_CONFIG_NAMESPACE": "Not/a-namespace"],
            ["CATALOG_CONFIG_CONFIGMAP_NAME": "../secrets"],
            ["CATALOG_CONFIG_CONFIGMAP_KEY": "a/b"],
        ])
    func refused(settings: [String: String]) async throws {
        let cluster = try await ConfigStoreSite.cluster.value
        var environment = cluster.environment.merging(settings) { $1 }
        environment["CATALOG_CONFIG_STORE_MODE"] = "k8s"
        let server = try await ServerProcess.launch(
            .init(environment: environment, dsn: "host=/nowhere dbname=x"))
        #expect(try await server.waitForExit() > 0)
        let name = settings.keys.first ?? ""
        #expect(await server.completeLog().contains(name))
    }
}
