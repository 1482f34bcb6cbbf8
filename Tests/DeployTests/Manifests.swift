import CatalogModel
import TestSupport
import Testing

/// What kustomize makes of one of the folders of `deploy/kubernetes`.
struct Manifests {
    let objects: [JSONValue]

    static let overlays = [
        "overlays/development", "overlays/production", "overlays/configmap",
    ]

    init(_ folder: String) async throws {
        try await Program.installed()
        let printed = try await Program.script("manifests", ["print", folder])
        try #require(printed.status == 0, printed.text)
        objects = try #require(try JSONParser.parse(Array(printed.output.utf8)).arrayValue)
        try #require(!objects.isEmpty)
    }

    func all(_ kind: String) -> [JSONValue] { objects.filter { $0["kind"]?.stringValue == kind } }

    /// The object of a kind whose name is this one, or begins with it where the name has a hash.
    func one(_ kind: String, _ name: String) throws -> JSONValue {
        let found = all(kind).filter {
            let its = $0.name
            return its == name || its.wholeMatch(of: /(.*)-[a-z0-9]{10}/)?.1 == name[...]
        }
        try #require(found.count == 1, "\(kind) \(name): \(found.map(\.name))")
        return found[0]
    }

    /// The one container of the server.
    func server() throws -> JSONValue {
        let containers = try one("Deployment", "catalog-server")
            .value(at: "spec.template.spec.containers")?.arrayValue
        try #require(containers?.count == 1)
        return try #require(containers?.first)
    }

    /// The server's variables; nil for one whose value comes from elsewhere at run time.
    func environment() throws -> [String: String?] {
        var variables: [String: String?] = [:]
        let server = try server()
        for source in server["envFrom"]?.arrayValue ?? [] {
            let name = try #require(source.value(at: "configMapRef.name")?.stringValue)
            let data = try one("ConfigMap", name)["data"]?.objectValue
            for member in data?.members ?? [] {
                variables[member.key] = .some(member.value.stringValue)
            }
        }
        for entry in server["env"]?.arrayValue ?? [] {
            let name = try #require(entry["name"]?.stringValue)
            variables[name] = .some(entry["value"]?.stringValue)
        }
        return variables
    }
}

extension JSONValue {
    /// The name of an object of Kubernetes.
    var name: String { value(at: "metadata.name")?.stringValue ?? "" }

    /// The texts of an array.
    func texts(_ path: String) -> Set<String> {
        Set((value(at: path)?.arrayValue ?? []).compactMap(\.stringValue))
    }
}
