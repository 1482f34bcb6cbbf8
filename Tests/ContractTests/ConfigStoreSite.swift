import CatalogModel
import Foundation
import TestSupport
import Testing

/// A server with a config store of its own: a folder with its sources file, and a cluster.
final class ConfigStoreSite: Sendable {
    /// The modes in which changes survive.
    static let kept = ["database", "file", "k8s"]
    static let cluster = Task {
        let cluster = try await KubernetesDouble.start()
        ContractMode.grantRoles(on: cluster)
        return cluster
    }
    private static let shared = Dictionary(
        uniqueKeysWithValues: (kept + ["none"]).map { mode in
            (mode, Task { try await ConfigStoreSite.start(mode) })
        })

    /// What the operator has written: an agents source with a text, and one with a file.
    static let text = """
        apiVersion: catalog/v1alpha1
        kind: CatalogSources
        catalogs:
          agents:
            # Kept by hand.
            sources:
              - {id: base, name: Base, type: yaml, properties: {content: "agents: [{name: base}]"}}
              - {id: filed, name: Filed, type: yaml, properties: {yamlCatalogPath: agents.yaml}}
            labels: [{name: L, displayName: Label}]

        """

    let server: ServerProcess
    let folder: String
    let cluster: KubernetesDouble
    let mapName: String

    private init(
        server: ServerProcess, folder: String, cluster: KubernetesDouble, mapName: String
    ) {
        self.server = server
        self.folder = folder
        self.cluster = cluster
        self.mapName = mapName
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// The site of a mode that tests share as long as each manages sources of its own names.
    static func of(_ mode: String) async throws -> ConfigStoreSite {
        try await #require(shared[mode]).value
    }

    /// A ready server; `other` gives one more replica of a site's database and configuration.
    static func start(
        _ mode: String, _ environment: [String: String] = [:], beside other: ConfigStoreSite? = nil
    ) async throws -> ConfigStoreSite {
        let cluster = try await cluster.value
        let folder = try ServerFiles.temporaryFolder()
        let name = other?.mapName ?? "sources-\(UInt32.random(in: 0 ... .max))"
        try text.write(toFile: "\(folder)/sources.yaml", atomically: true, encoding: .utf8)
        try "agents: [{name: filed}]\n".write(
            toFile: "\(folder)/agents.yaml", atomically: true, encoding: .utf8)
        var settings = cluster.environment
        settings["CATALOG_CONFIG_STORE_MODE"] = mode
        settings["CATALOG_CONFIG_NAMESPACE"] = "catalog"
        settings["CATALOG_CONFIG_CONFIGMAP_NAME"] = name
        let server = try await ServerProcess.readyInMode(
            .init(
                environment: settings.merging(environment) { $1 },
                sources: "\(other?.folder ?? folder)/sources.yaml", dsn: other?.server.dsn))
        return ConfigStoreSite(server: server, folder: folder, cluster: cluster, mapName: name)
    }

    var tenant: Tenant { Tenant(server: server, namespace: "default") }
    func manager(_ catalog: Catalog = .agents) -> SourceClient { SourceClient(tenant, catalog) }

    /// The names of a source's entities.
    func names(_ source: String, _ catalog: Catalog = .agents) async throws -> [String] {
        try await tenant.get("\(catalog.list)?pageSize=100&source=\(source)").names().sorted()
    }

    /// Waits until a condition holds.
    func eventually(_ what: String, _ holds: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while try await !holds() {
            try #require(ContinuousClock.now < end, "not in time: \(what)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    // MARK: The file

    var file: String { "\(folder)/sources.yaml" }
    func fileText() throws -> String { try String(contentsOfFile: file, encoding: .utf8) }

    /// Writes the sources file as an operator would.
    func edit(_ change: (String) -> String) throws {
        try change(fileText()).write(toFile: file, atomically: true, encoding: .utf8)
    }

    /// The files of the history, oldest first.
    func history() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(folder)/.history").sorted()
    }

    // MARK: The ConfigMap

    var mapPath: String { "/api/v1/namespaces/catalog/configmaps/\(mapName)" }
    var mapText: String? {
        cluster.object(mapPath)?["data"]?["sources.yaml"]?.stringValue
    }

    /// Writes the ConfigMap as an operator would.
    func editMap(_ change: (String) -> String) throws {
        let object = try #require(cluster.object(mapPath))
        let next = JSONValue.string(change(try #require(mapText)))
        cluster.put(
            JSONMergePatch.apply(["data": ["sources.yaml": next]], to: object), at: mapPath)
    }
}
