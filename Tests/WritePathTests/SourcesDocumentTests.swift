import CatalogModel
import TestSupport
import Testing

@testable import WritePath

@Suite("A sources document with one source changed", .manyTurns)
struct SourcesDocumentTests {
    private func key(_ id: String, _ plugin: String = "agents") throws -> SourceKey {
        SourceKey(.default, try #require(Plugins.named(plugin)), id)
    }

    private func source(_ id: String, _ properties: JSONObject) -> SourceDefinition {
        SourceDefinition(
            plugin: "agents", id: id, name: "N: #", type: "yaml", labels: ["a b", "yes"],
            properties: properties, includedItems: ["a*"])
    }

    @Test func whatElseTheTextSaysStays() throws {
        let text = """
            catalogs:
              models: {sources: [{id: m, name: M, type: yaml, properties: {yamlCatalogPath: m.yaml}}]}
              agents:
                labels: [{name: L}]
                namedQueries: {fast: {ttft_p90: {operator: "<", value: 100}}}
            """
        let added = try SourcesDocument.changing(text, key("s"), to: source("s", ["content": "x"]))
        let before = try SourcesFile.parse(text, file: "f")
        let after = try SourcesFile.parse(added, file: "f")
        #expect(after.catalog(plugin: "model")?.sources.map(\.id) == ["m"])
        #expect(
            after.catalog(plugin: "agents")?.namedQueries
                == before.catalog(plugin: "agents")?.namedQueries)
        #expect(after.catalog(plugin: "agents")?.labels == before.catalog(plugin: "agents")?.labels)
        #expect(after.apiVersion == SourcesConfiguration.supportedVersion)
        let gone = try SourcesDocument.changing(added, key("s"), to: nil)
        #expect(try SourcesFile.parse(gone, file: "f").sources.map(\.id) == ["m"])
        let same = try SourcesDocument.changing(gone, key("absent"), to: nil)
        #expect(same == gone)
    }

    @Test func aSourceKeepsItsPlaceAndItsModelsTheirKey() throws {
        var text = ""
        for id in ["a", "b", "c"] {
            text = try SourcesDocument.changing(text, key(id), to: source(id, [:]))
        }
        text = try SourcesDocument.changing(text, key("b"), to: source("b", ["k": "v"]))
        let catalog = try #require(SourcesFile.parse(text, file: "f").catalog(plugin: "agents"))
        #expect(catalog.sources.map(\.id) == ["a", "b", "c"])
        let model = try key("m", "model")
        let definition = SourceDefinition(plugin: "model", id: "m", name: "M", type: "yaml")
        text = try SourcesDocument.changing(text, model, to: definition)
        #expect(text.contains("  models:\n"))
    }

    /// Values that YAML would read as something else if they stood there as they are.
    static let texts = [
        "", " ", "null", "Yes", "~", "12", "1e3", "-", "- a", "a: b", "a #b", "#", "&a", "*a", "!t",
        "%", "@", "`", "{a}", "[a]", "'", "\"", "\\", "a\nb", "a\nb\n", "a\n\n", "\na", "\n",
        " a\nb",
        "a\n  b\n c\n", "a \nb\t\n", "a\r\nb", "---\na\n", "a\n...\nb", "é\nü\n", "a\u{2028}b",
        "\u{7F}", "a\u{85}\u{FEFF}", "\u{1}\u{1F600}",
        "# a\nb", "2025-01-01", "0x1f", "<<", "=", "key:", "|", "> a\nb", "a:\n- b\n",
        "agents:\n  - name: a\n    text: |\n      x\n\n      y\n",
    ]

    @Test(arguments: texts) func textsComeBackAsTheyWere(text: String) throws {
        let properties: JSONObject = [
            "text": .string(text), text.isEmpty ? "empty" : text: "key",
            "list": [.string(text), [.string(text), ["k": .string(text)]], [], [:]],
            "nested": ["deeper": ["text": .string(text), "n": 1.5, "i": -3, "b": false]],
        ]
        let definition = source("s", properties)
        let document = try SourcesDocument.changing("", key("s"), to: definition)
        let found = try #require(
            try SourcesDocument.definition(of: key("s"), in: document, directory: "."))
        #expect(found.properties == properties, "\(document)")
        #expect(found.name == definition.name && found.labels == definition.labels)
        #expect(found.includedItems == definition.includedItems)
    }

    @Test func onlyOneOfTwoReplicasTakesADocumentOver() async throws {
        let database = try await JobsDatabase()
        let (name, catalog) = ("file:/f", database.catalog)
        let first = try JobsDatabase.configuration([("a", "x")])
        let second = try JobsDatabase.configuration([("b", "y")])
        #expect(try await catalog.documentVersion(name) == nil)
        let taken = try await catalog.synchronize(first, document: name, text: "1", after: nil)
        #expect(taken == ["mcp"])
        let known = try await catalog.documentVersion(name)
        #expect(known == ConfigVersion.whole("1"))
        // What was read before somebody else took another text over is not written over that.
        let late = try await catalog.synchronize(second, document: name, text: "2", after: nil)
        #expect(late == nil)
        #expect(try await catalog.documentVersion(name) == known)
        #expect(try await catalog.sources(.default).map(\.definition.id) == ["a"])
        let next = try await catalog.synchronize(second, document: name, text: "2", after: known)
        #expect(next == ["mcp"])
        #expect(try await catalog.sources(.default).map(\.definition.id) == ["b"])
    }

    @Test func aTextThatCannotBeReadIsNotChanged() throws {
        #expect(throws: LoadError.self) {
            try SourcesDocument.changing("catalogs: [", key("s"), to: nil)
        }
    }
}
