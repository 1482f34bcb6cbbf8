import CatalogModel
import ReadPath
import Testing

@testable import Server

@Suite("The description of the interface")
struct APIDocumentTests {
    private let document = APIDocument(plugins: Plugins.all, hasJobs: true, version: "1")
    private let routes = RouteTable(
        kinds: KindTable(plugins: Plugins.all), plugins: Plugins.all, hasJobs: true)

    /// What a described path leads to, with a value in the place of each parameter.
    private func endpoint(of path: String) throws -> Endpoint? {
        var filled = ""
        for part in path.split(separator: "}", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "{", omittingEmptySubsequences: false)
            filled += pieces[0] + (pieces.count > 1 ? "some-\(pieces[1].count)" : "")
        }
        return try routes.endpoint(of: Substring(filled))
    }

    @Test("each described path answers the described methods and no others")
    func paths() throws {
        let byPath = Dictionary(grouping: document.operations, by: \.path)
        for (path, operations) in byPath {
            let endpoint = try #require(try endpoint(of: path), "\(path)")
            let described = Set(operations.map(\.method))
            #expect(described == Set(endpoint.methods).subtracting(["HEAD"]), "\(path)")
            #expect(described.count == operations.count, "\(path)")
        }
    }

    @Test("each endpoint is described")
    func endpoints() throws {
        var described: Set<String> = []
        for operation in document.operations {
            described.insert(Self.name(of: try #require(try endpoint(of: operation.path))))
        }
        #expect(described == Self.names)
    }

    @Test("every kind has its list, its entity and its schemas")
    func kinds() throws {
        let paths = Set(document.operations.map(\.path))
        let schemas = try #require(try parsed()["components"]?["schemas"]?.objectValue)
        for kind in Plugins.all.flatMap(\.kinds) {
            #expect(paths.contains(kind.listPath))
            #expect(paths.contains("\(kind.listPath)/{name}"))
            let properties = schemas[kind.kind]?["properties"]?.objectValue
            for field in kind.fields where !field.hidden && field.path.count == 1 {
                #expect(properties?[field.path[0]] != nil, "\(kind.kind) \(field.name)")
            }
        }
    }

    @Test("without jobs their paths are not described")
    func withoutJobs() {
        let document = APIDocument(plugins: Plugins.all, hasJobs: false, version: "1")
        #expect(!document.operations.contains { $0.path.hasPrefix("/api/jobs/") })
        #expect(self.document.operations.contains { $0.path.hasPrefix("/api/jobs/") })
    }

    @Test("names of operations are unique, parameters of paths are declared, references resolve")
    func wholeness() throws {
        let ids = document.operations.map(\.id)
        #expect(Set(ids).count == ids.count)
        for operation in document.operations {
            let declared = operation.parameters.filter { $0.place == .path }.map(\.name)
            let named = operation.path.split(separator: "{").dropFirst().map {
                String($0.prefix { $0 != "}" })
            }
            #expect(declared.sorted() == named.sorted(), "\(operation.path)")
            let keys = operation.parameters.map { "\($0.place) \($0.name)" }
            #expect(Set(keys).count == keys.count, "\(operation.method) \(operation.path)")
        }
        let whole = try parsed()
        let schemas = try #require(whole["components"]?["schemas"]?.objectValue)
        let references = Self.references(in: whole)
        #expect(!references.isEmpty)
        for reference in references {
            let name = String(reference.dropFirst("#/components/schemas/".count))
            #expect(schemas[name] != nil, "\(reference)")
        }
    }

    @Test("the page takes nothing from elsewhere and names every operation")
    func page() {
        let page = String(decoding: document.page, as: UTF8.self)
        for word in ["http://", "https://", "<script", "src=", "@import", "url("] {
            #expect(!page.contains(word), "\(word)")
        }
        for operation in document.operations { #expect(page.contains(operation.path)) }
    }

    private func parsed() throws -> JSONValue { try JSONParser.parse(document.json) }

    private static func references(in value: JSONValue) -> Set<String> {
        switch value {
        case .array(let elements): elements.reduce(into: []) { $0.formUnion(references(in: $1)) }
        case .object(let object):
            object.members.reduce(into: []) { found, member in
                if member.key == "$ref", let target = member.value.stringValue {
                    found.insert(target)
                }
                found.formUnion(references(in: member.value))
            }
        default: []
        }
    }

    /// All names that `name(of:)` gives.
    private static let names: Set<String> = [
        "live", "ready", "metrics", "interface", "plugins", "capabilities", "namespaces",
        "collection", "batch", "entity", "artifacts", "filterOptions", "labels", "modelSources",
        "sourcePreview", "refresh", "management", "changes", "replicaFeed", "auditEvents",
        "auditEvent", "auditVerify", "cacheVerify", "cacheEvict", "governance", "jobs", "job",
        "jobCancel", "console", "consoleEvents",
    ]

    /// A new endpoint does not compile without a name here, and is then missed in the document.
    private static func name(of endpoint: Endpoint) -> String {
        switch endpoint {
        case .live: "live"
        case .ready: "ready"
        case .metrics: "metrics"
        case .interface: "interface"
        case .console: "console"
        case .consoleEvents: "consoleEvents"
        case .plugins: "plugins"
        case .capabilities: "capabilities"
        case .namespaces: "namespaces"
        case .collection: "collection"
        case .batch: "batch"
        case .entity: "entity"
        case .artifacts: "artifacts"
        case .filterOptions: "filterOptions"
        case .labels: "labels"
        case .modelSources: "modelSources"
        case .sourcePreview: "sourcePreview"
        case .refresh: "refresh"
        case .management: "management"
        case .changes: "changes"
        case .replicaFeed: "replicaFeed"
        case .auditEvents: "auditEvents"
        case .auditEvent: "auditEvent"
        case .auditVerify: "auditVerify"
        case .cacheVerify: "cacheVerify"
        case .cacheEvict: "cacheEvict"
        case .governance: "governance"
        case .jobs: "jobs"
        case .job: "job"
        case .jobCancel: "jobCancel"
        }
    }
}
