import CatalogModel
import Foundation
import TestSupport
import Testing

/// Section 4.4: files of `yaml` sources are loaded again when they change, for every plugin.
@Suite("Files that change", .turns, .timeLimit(.minutes(5)))
struct HotReloadContractTests {
    /// A server with a source of each plugin, all files in one folder.
    private struct Site {
        let server: ServerProcess
        let folder: String

        func client(_ catalog: Catalog) -> SourceClient {
            SourceClient(Tenant(server: server, namespace: "default"), catalog)
        }

        func write(_ text: String, _ catalog: Catalog) throws {
            try text.write(
                toFile: "\(folder)/\(catalog.plugin).yaml", atomically: true, encoding: .utf8)
        }
    }

    private static func start(_ environment: [String: String] = [:]) async throws -> Site {
        let folder = try ServerFiles.temporaryFolder()
        var sources = "apiVersion: catalog/v1alpha1\nkind: CatalogSources\ncatalogs:\n"
        for catalog in Catalog.all {
            let key = catalog.plugin == "model" ? "models" : catalog.plugin
            sources +=
                "  \(key):\n    sources:\n      - {id: f, name: F, type: yaml, "
                + "properties: {yamlCatalogPath: \(catalog.plugin).yaml}}\n"
            let names = "\(catalog.plural):\n  - name: one\n"
            try (names + (catalog.plugin == "mcp" ? "    deploymentMode: local\n" : "")).write(
                toFile: "\(folder)/\(catalog.plugin).yaml", atomically: true, encoding: .utf8)
        }
        try sources.write(toFile: "\(folder)/sources.yaml", atomically: true, encoding: .utf8)
        var settings = ["CATALOG_SOURCE_WATCH_INTERVAL_MS": "100"]
        settings.merge(environment) { $1 }
        let server = try await ServerProcess.readyInMode(
            .init(environment: settings, sources: "\(folder)/sources.yaml"))
        return Site(server: server, folder: folder)
    }

    @Test("a changed file is loaded; one with a mistake or gone leaves what was loaded")
    func reload() async throws {
        let site = try await Self.start()
        defer { try? FileManager.default.removeItem(atPath: site.folder) }
        for catalog in Catalog.all {
            let client = site.client(catalog)
            #expect(try await client.names() == ["one"])
            try site.write(client.text(["one", "two"]), catalog)
        }
        for catalog in Catalog.all { try await site.client(catalog).waitForNames(["one", "two"]) }

        for catalog in Catalog.all { try site.write("\(catalog.plural): [\n", catalog) }
        for catalog in Catalog.all {
            let client = site.client(catalog)
            try await client.waitForError("f", "yaml_syntax")
            #expect(try await client.names() == ["one", "two"])
        }
        let skills = site.client(.skills)
        try FileManager.default.removeItem(atPath: "\(site.folder)/skills.yaml")
        try await skills.waitForError("f", "unreadable")
        #expect(try await skills.names() == ["one", "two"])
        try site.write(skills.text(["three"]), .skills)
        try await skills.waitForNames(["three"])
        let info = try await skills.list().first
        #expect(info?.value(at: "status.state") == "available")
        #expect(info?.value(at: "status.error") == nil)
        _ = try await site.server.terminate()
    }

    @Test("so it is where no jobs run, and for files behind links that are turned")
    func withoutJobs() async throws {
        let site = try await Self.start(["CATALOG_JOB_ENABLED": "false"])
        defer { try? FileManager.default.removeItem(atPath: site.folder) }
        let agents = site.client(.agents)
        #expect(try await agents.names() == ["one"])
        // As the kubelet does it: the file is a link into a folder that is a link.
        for (version, names) in [("v1", ["two"]), ("v2", ["three"])] {
            let data = "\(site.folder)/\(version)"
            try FileManager.default.createDirectory(
                atPath: data, withIntermediateDirectories: true)
            try agents.text(names).write(
                toFile: "\(data)/agents.yaml", atomically: true, encoding: .utf8)
            try? FileManager.default.removeItem(atPath: "\(site.folder)/data")
            try makeLink("\(site.folder)/data", to: version)
            if version == "v1" {
                try FileManager.default.removeItem(atPath: "\(site.folder)/agents.yaml")
                try makeLink("\(site.folder)/agents.yaml", to: "data/agents.yaml")
            }
            try await agents.waitForNames(names)
        }
        _ = try await site.server.terminate()
    }
}
