import Foundation
import ReadPath
import TestSupport
import Testing
import WritePath

@testable import CatalogModel
@testable import Server

@Suite("The plugin that docs/plugins.md writes")
struct PluginGuideTests {
    private static let plugins = Plugins.all + [DatasetsPlugin.definition]
    private static let base = "/api/datasets_catalog/v1alpha1/datasets"

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(ServerFiles.repository)/\(path)", encoding: .utf8)
    }

    /// What stands between the fences of a language, block by block.
    private func blocks(_ language: String) throws -> [String] {
        try text("docs/plugins.md").components(separatedBy: "\n```\(language)\n").dropFirst()
            .map { $0.components(separatedBy: "\n```")[0] + "\n" }
    }

    private func entities() throws -> [LoadedEntity] {
        try YAMLSource.parse(
            try blocks("yaml")[0], file: "datasets.yaml", plugin: DatasetsPlugin.definition
        ).entities
    }

    @Test("the page quotes the file that is compiled here, but for its import")
    func quoted() throws {
        let file = try text("Tests/ServerTests/Example/DatasetsPlugin.swift")
        let code = file.replacing("@testable import CatalogModel\n\n", with: "")
        #expect(try blocks("swift") == [code])
    }

    @Test("the file of the page loads, and what is not declared is refused with its line")
    func loads() throws {
        let loaded = try entities()
        #expect(loaded.map(\.name) == ["acme/web-text", "acme/questions"])
        #expect(loaded.allSatisfy { $0.kind == "Dataset" })
        let good = try blocks("yaml")[0]
        for (wrong, line) in [
            (good.replacing("rows: 50000", with: "row: 50000"), 11),
            (good.replacing("format: jsonl", with: "format: xml"), 10),
            (good.replacing("region: eu-central-1", with: "zone: a"), 8),
        ] {
            let error = #expect(throws: LoadError.self) {
                try YAMLSource.parse(wrong, file: "f.yaml", plugin: DatasetsPlugin.definition)
            }
            #expect(error?.description.contains("f.yaml:\(line)") == true, "\(error as Any)")
        }
    }

    @Test("its entities are listed, filtered, sorted and shown")
    func lists() throws {
        let table = KindTable(plugins: Self.plugins)
        let kind = try #require(table.entry(plugin: "datasets", kind: "Dataset"))
        let rows = try entities().enumerated().map { number, entity in
            StoredEntity(
                key: EntityKey(
                    plugin: "datasets", kind: entity.kind, source: "datasets-default",
                    name: entity.name), id: Int64(number + 1), version: 1, revision: Revision(1),
                createdAtMs: 0, updatedAtMs: 0, doc: JSONValue.object(entity.doc).encoded)
        }
        func names(_ query: String) throws -> [String] {
            let query = try ListQuery(
                kind: kind, namespace: .default, parameters: QueryParameters(query))
            var list = RowList(query)
            try list.add(rows)
            let page = list.page().rendered(pageSize: query.pageSize, convention: .catalog)
            return (try JSONParser.parse(page)["items"]?.arrayValue ?? []).compactMap {
                $0["name"]?.stringValue
            }
        }
        #expect(
            try names("filterQuery=rows%20%3E%201000000%20AND%20region%20%3D%20'eu-central-1'")
                == ["acme/web-text"])
        #expect(
            try names("filterQuery=languages%20%3D%20'en'&orderBy=rows") == [
                "acme/questions", "acme/web-text",
            ])
        #expect(try names("filterQuery=format%20%3D%20'csv'").isEmpty)
        let answer = try RowGet.answer(
            named: "acme/web-text", source: nil, of: kind, precedence: SourcePrecedence(),
            rows: rows)
        let body = try JSONParser.parse(try #require(answer).body)
        #expect(body["sourceId"] == "datasets-default")
        #expect(body.value(at: "storage.region") == "eu-central-1")
    }

    @Test("it has routes, capabilities and a description like every other")
    func described() throws {
        let routes = RouteTable(
            kinds: KindTable(plugins: Self.plugins), plugins: Self.plugins, hasJobs: true)
        guard case .entity(let kind, let name, _) = try routes.endpoint(of: "\(Self.base)/acme/x")
        else {
            Issue.record("no route")
            return
        }
        #expect(kind.kind.kind == "Dataset" && name == "acme/x")
        let document = APIDocument(plugins: Self.plugins, hasJobs: true, version: "1")
        let parsed = try JSONParser.parse(document.json)
        #expect(parsed["paths"]?[Self.base]?["get"] != nil)
        #expect(
            parsed["components"]?["schemas"]?["DatasetInput"]?["properties"]?["rows"] != nil)
        let management = "/api/datasets_catalog/v1alpha1/management/sources"
        #expect(parsed["paths"]?[management] != nil)
        // The example stays an example.
        #expect(Plugins.named("datasets") == nil)
    }
}
