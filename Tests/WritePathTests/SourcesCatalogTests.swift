import CatalogModel
import Foundation
import Testing
import WritePath

@Suite("The catalogs at hand")
struct SourcesCatalogTests {
    private static let checkout = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static let reference = checkout.deletingLastPathComponent()
        .appendingPathComponent("shared/data/catalog").path

    private static var hasReference: Bool {
        FileManager.default.fileExists(atPath: reference)
    }

    @Test(
        "Reference files hold as many entities as the contract says",
        .enabled(if: hasReference),
        arguments: [
            ("agents", "sample-agents.yaml", 10),
            ("guardrails", "sample-guardrails.yaml", 10),
            ("knowledge", "sample-knowledge-sources.yaml", 7),
            ("mcp", "mcp-servers.yaml", 6),
            ("model", "dev-organization-models.yaml", 6),
            ("model", "dev-validated-models.yaml", 4),
            ("model", "dev-community-models.yaml", 4),
            ("policies", "sample-policies.yaml", 10),
            ("prompts", "sample-prompts.yaml", 12),
            ("skills", "sample-skills.yaml", 12),
        ])
    func reference(plugin: String, file: String, count: Int) throws {
        let loaded = try YAMLSource.load(
            SourceDefinition(
                plugin: plugin, id: "reference", name: "Reference", type: "yaml",
                properties: ["yamlCatalogPath": .string(file)],
                originDirectory: SourcesCatalogTests.reference),
            plugin: #require(Plugins.named(plugin)))
        #expect(loaded.entities.count == count)
        #expect(loaded.warnings.isEmpty)
    }

    @Test("Every source that the project ships loads")
    func shipped() throws {
        let file = SourcesCatalogTests.checkout.appendingPathComponent("catalogs/sources.yaml")
        let configuration = try SourcesFile.load(file.path)
        try configuration.checkComplete()
        var entities = 0
        for source in configuration.sources {
            let plugin = try #require(Plugins.named(source.plugin))
            let loaded = try YAMLSource.load(source, plugin: plugin)
            #expect(!loaded.entities.isEmpty, "\(source.id)")
            #expect(loaded.warnings.isEmpty, "\(source.id)")
            entities += loaded.entities.count
        }
        #expect(entities >= 80)
        #expect(Set(configuration.catalogs.map(\.plugin)).count == Plugins.all.count)
    }
}
