import CatalogModel
import Testing
import WritePath

@Suite("Merging sources files")
struct SourcesMergeTests {
    private func parse(_ text: String, file: String = "/a/sources.yaml") throws
        -> SourcesConfiguration
    {
        try SourcesFile.parse(text, file: file, partial: true)
    }

    private static let base = """
        {id: s, name: First, type: yaml, enabled: false, labels: [x], \
        properties: {path: one.yaml, keep: 1}, includedItems: [a*], excludedItems: [b*]}
        """

    /// The source after a later file in `/b` gives it again with these fields.
    private func merged(_ fields: String) throws -> SourceDefinition {
        let first = try parse("catalogs: {mcp: {sources: [\(SourcesMergeTests.base)]}}")
        let later = try parse(
            "catalogs: {mcp: {sources: [{id: s\(fields)}]}}", file: "/b/sources.yaml")
        let result = first.merged(with: later)
        try result.checkComplete()
        #expect(result.sources.count == 1)
        return try #require(result.catalog(plugin: "mcp")?.source("s"))
    }

    private func original() throws -> SourceDefinition { try merged("") }

    @Test("keeps what the later file does not give")
    func nothing() throws {
        let source = try original()
        #expect(source.name == "First")
        #expect(source.type == "yaml")
        #expect(!source.enabled)
        #expect(source.labels == ["x"])
        #expect(source.properties == ["path": "one.yaml", "keep": 1])
        #expect(source.originDirectory == "/a")
        #expect(source.includedItems == ["a*"])
        #expect(source.excludedItems == ["b*"])
        #expect(source.file == "/a/sources.yaml")
    }

    @Test("replaces each field on its own")
    func fields() throws {
        let before = try original()
        var expected = before
        expected.name = "Second"
        #expect(try merged(", name: Second") == expected)
        #expect(try merged(", name: ''") == before)
        #expect(try merged(", name: null, enabled: null, labels: null") == before)
        expected = before
        expected.enabled = true
        #expect(try merged(", enabled: true") == expected)
        expected = before
        expected.labels = []
        #expect(try merged(", labels: []") == expected)
        expected = before
        expected.includedItems = ["z"]
        #expect(try merged(", includedItems: [z]") == expected)
        expected = before
        expected.excludedItems = []
        #expect(try merged(", excludedItems: []") == expected)
    }

    @Test("replaces properties as a whole, with their directory")
    func properties() throws {
        let source = try merged(", properties: {path: two.yaml}")
        #expect(source.properties == ["path": "two.yaml"])
        #expect(source.originDirectory == "/b")
    }

    @Test("appends new sources and sections in order")
    func additions() throws {
        let first = try parse("catalogs: {mcp: {sources: [{id: a, name: A, type: yaml}]}}")
        let later = try parse(
            "apiVersion: catalog/v1alpha1\ncatalogs: {skills: {}, mcp: {sources: [{id: b, name: B, "
                + "type: yaml}, {id: a, name: C}]}}")
        let result = first.merged(with: later)
        #expect(result.apiVersion == "catalog/v1alpha1")
        #expect(result.kind.isEmpty)
        #expect(result.catalogs.map(\.configKey) == ["mcp", "skills"])
        #expect(result.sources.map(\.name) == ["C", "B"])
    }

    @Test("replaces labels if present and merges named queries by query and field")
    func queries() throws {
        let first = try parse(
            """
            catalogs: {mcp: {labels: [{name: a}], namedQueries: {
              q: {x: {operator: "=", value: 1}, y: {operator: "=", value: 2}}}}}
            """)
        let later = try parse(
            """
            catalogs: {mcp: {namedQueries: {
              q: {x: {operator: ">", value: 3}}, r: {z: {operator: "=", value: 4}}}}}
            """)
        let catalog = try #require(first.merged(with: later).catalog(plugin: "mcp"))
        #expect(catalog.labels == [["name": "a"]])
        #expect(catalog.namedQueries["q"]?["x"]?.operator == ">")
        #expect(catalog.namedQueries["q"]?["y"]?.value == 2)
        #expect(catalog.namedQueries["r"]?["z"]?.value == 4)
        let cleared = try parse("catalogs: {mcp: {labels: []}}")
        #expect(first.merged(with: cleared).catalog(plugin: "mcp")?.labels == [])
    }

    @Test("leaves an incomplete source to be refused at the end")
    func incomplete() throws {
        let result = try parse("catalogs: {mcp: {sources: [{id: a, name: A}]}}")
        #expect(throws: LoadError(.missingField, file: "", "")) { try result.checkComplete() }
    }
}
