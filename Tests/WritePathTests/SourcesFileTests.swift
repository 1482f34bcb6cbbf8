import CatalogModel
import Testing
import WritePath

@Suite("A sources file")
struct SourcesFileTests {
    private static let example = """
        apiVersion: catalog/v1alpha1
        kind: CatalogSources
        catalogs:
          mcp:
            sources:
              - id: mcp-default
                name: MCP Servers
                type: yaml
                labels: [MCP Servers]
                properties: {yamlCatalogPath: ../data/mcp-servers.yaml}
                includedItems: ["acme/*"]
                excludedItems: ["*-beta"]
            labels:
              - {name: MCP Servers, displayName: Servers}
              - {name: null, displayName: Others}
            namedQueries:
              fast: {ttft_p90: {operator: "<", value: 100}}
              some: {provider: {operator: not in, value: [a, b]}}
          models:
            sources:
              - {id: hub, name: Hub, type: hf, enabled: false}
          agents:
            sources:
              - {id: repo, name: Repo, type: git}
          skills:
        """

    private func errors(in text: String, partial: Bool = false) -> LoadError? {
        do {
            _ = try SourcesFile.parse(text, file: "/etc/cat/sources.yaml", partial: partial)
            return nil
        } catch {
            return error
        }
    }

    @Test("gives sources, labels and named queries")
    func everything() throws {
        let result = try SourcesFile.parse(SourcesFileTests.example, file: "/etc/cat/sources.yaml")
        #expect(result.catalogs.map(\.plugin) == ["mcp", "model", "agents", "skills"])
        #expect(result.sources.map(\.id) == ["mcp-default", "hub", "repo"])
        let catalog = try #require(result.catalog(configKey: "mcp"))
        let source = try #require(catalog.source("mcp-default"))
        #expect(source.plugin == "mcp")
        #expect(source.enabled)
        #expect(!source.given.contains(.enabled))
        #expect(source.labels == ["MCP Servers"])
        #expect(source.properties == ["yamlCatalogPath": "../data/mcp-servers.yaml"])
        #expect(source.includedItems == ["acme/*"])
        #expect(source.excludedItems == ["*-beta"])
        #expect(source.originDirectory == "/etc/cat")
        #expect(source.position == SourcePosition(line: 6, column: 9))
        #expect(catalog.labels?.count == 2)
        #expect(catalog.namedQueries["fast"]?["ttft_p90"]?.operator == "<")
        #expect(catalog.namedQueries["fast"]?["ttft_p90"]?.value == 100)
        #expect(catalog.namedQueries["some"]?["provider"]?.operator == "NOT IN")
        let hub = try #require(result.catalog(plugin: "model")?.source("hub"))
        #expect(!hub.enabled)
        #expect(hub.originDirectory == nil)
    }

    /// A file with one source of the MCP plugin, whose fields follow the id in line 4.
    private static func source(_ fields: String) -> String {
        "catalogs:\n  mcp:\n    sources:\n      - id: a\n" + fields
    }

    private static let named = "        name: A\n        type: yaml\n"

    @Test(
        "names the line and what was probably meant",
        arguments: [
            ("", 1, 1, "invalid_field", "the file is empty"),
            ("- a\n", 1, 1, "invalid_field", "must be a map"),
            ("apiVersion: v9\n", 1, 13, "invalid_field", "catalog/v1alpha1"),
            ("kind: 3\n", 1, 7, "invalid_field", "kind must be a string"),
            ("catalog:\n", 1, 1, "unknown_field", "did you mean \"catalogs\"?"),
            ("catalogs:\n  model:\n", 2, 3, "unknown_plugin", "did you mean \"models\"?"),
            ("catalogs:\n  xyz:\n", 2, 3, "unknown_plugin", "agents, guardrails, knowledge, mcp"),
            ("catalogs:\n  mcp: []\n", 2, 8, "invalid_field", "must be a map, not a list"),
            ("catalogs:\n  mcp:\n    source: []\n", 3, 5, "unknown_field", "\"sources\"?"),
            ("catalogs:\n  mcp:\n    sources: {}\n", 3, 14, "invalid_field", "a list"),
            ("catalogs:\n  mcp:\n    sources: [x]\n", 3, 15, "invalid_field", "a map"),
            ("catalogs: {mcp: {sources: [{name: x, type: yaml}]}}\n", 1, 28, "missing_field", "id"),
            ("catalogs: {mcp: {sources: [{id: A b}]}}\n", 1, 33, "invalid_field", "\"A b\""),
            ("catalogs: {mcp: {labels: [{x: y}]}}\n", 1, 27, "missing_field", "name"),
            ("catalogs: {mcp: {labels: [{name: 1}]}}\n", 1, 34, "invalid_field", "a string"),
            ("catalogs: {mcp: {labels: [{name: a}, {name: a}]}}\n", 1, 39, "duplicate_name", "1"),
            (source("        type: yaml\n"), 4, 9, "missing_field", "name is required"),
            (source("        name: A\n"), 4, 9, "missing_field", "type is required"),
            (source("        name:\n        type: yaml\n"), 5, 9, "missing_field", "name"),
            (source("        name: 5\n        type: yaml\n"), 5, 15, "invalid_field", "a string"),
            (
                source("        name: A\n        type: git\n"), 6, 9, "unsupported_type",
                "types: yaml"
            ),
            (source(named + "        enable: true\n"), 7, 9, "unknown_field", "\"enabled\"?"),
            (source(named + "        enabled: yes\n"), 7, 18, "invalid_field", "true or false"),
            (source(named + "        labels: [a, 1]\n"), 7, 21, "invalid_field", "labels[1]"),
            (source(named + "        includedItems: ['']\n"), 7, 25, "invalid_field", "empty"),
            (source(named + "      - id: a\n" + named), 7, 9, "duplicate_source", "at line 4"),
        ] as [(String, Int, Int, String, String)])
    func problems(text: String, line: Int, column: Int, code: String, words: String) throws {
        let error = try #require(errors(in: text))
        #expect(error.code.rawValue == code)
        #expect(error.message.hasPrefix("/etc/cat/sources.yaml:\(line):\(column): "))
        #expect(error.message.contains(words), "\(error.message)")
    }

    @Test(
        "checks named queries",
        arguments: [
            ("{f: {operator: '~', value: 1}}", 51, "valid operators: =, !="),
            ("{f: {operator: '='}}", 37, "value is required"),
            ("{f: {value: 1}}", 37, "operator is required"),
            ("{f: {operator: IN, value: 1}}", 62, "a list for IN"),
            ("{f: {operator: '=', value: [1]}}", 63, "a single value for ="),
            ("{f: {operator: '=', value: 1, x: 2}}", 66, "unknown key \"x\""),
            ("{f: 1}", 40, "must be a map"),
        ] as [(String, Int, String)])
    func queries(query: String, column: Int, words: String) throws {
        let error = try #require(errors(in: "catalogs: {mcp: {namedQueries: {q: \(query)}}}"))
        #expect(error.message.contains(words), "\(error)")
        #expect(error.problems[0].position?.column == column)
    }

    @Test("reports all problems in the order of the text, up to a limit")
    func many() throws {
        let text =
            "catalogs:\n  mcp:\n    sources:\n"
            + (0..<25).map { "      - {id: s\($0), name: S, type: tape}\n" }.joined()
        let error = try #require(errors(in: text))
        #expect(error.problems.count == SourceLimits.problems)
        #expect(error.omitted == 5)
        #expect(error.problems.map { $0.position?.line } == (4..<24).map { $0 })
        #expect(error.description.hasSuffix("and 5 more"))
    }

    @Test("may allow the same id in two plugins")
    func sameID() {
        let source = "{sources: [{id: a, name: A, type: yaml}]}"
        #expect(errors(in: "catalogs: {mcp: \(source), skills: \(source)}") == nil)
    }

    @Test(
        "that cannot be read says so", arguments: ["/nonexistent/sources.yaml", "/dev/null", "/"])
    func unreadable(path: String) {
        #expect(throws: LoadError(.unreadable, file: path, "")) { try SourcesFile.load(path) }
    }
}
