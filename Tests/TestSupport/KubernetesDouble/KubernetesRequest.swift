import CatalogModel
import Foundation

/// A request to the double, taken apart.
struct KubernetesRequest: Sendable {
    let method: String
    let path: String
    let query: [String: String]
    let authorization: String
    let contentType: String
    let body: JSONValue?

    init(
        method: String, target: String, authorization: String, contentType: String, body: [UInt8]
    ) {
        self.method = method
        self.authorization = authorization
        self.contentType = contentType
        self.body = try? JSONParser.parse(body)
        let parts = target.split(separator: "?", maxSplits: 1)
        path = parts.first.map(String.init) ?? "/"
        var query: [String: String] = [:]
        for pair in parts.dropFirst().first?.split(separator: "&") ?? [] {
            let sides = pair.split(separator: "=", maxSplits: 1).map {
                String($0).removingPercentEncoding ?? ""
            }
            query[sides[0]] = sides.count == 2 ? sides[1] : ""
        }
        self.query = query
    }

    var isWatch: Bool { query["watch"] == "true" || query["watch"] == "1" }

    /// Whether the field selector lets an object through; only `metadata.name=…` is known.
    func selects(_ object: JSONValue) -> Bool {
        guard let selector = query["fieldSelector"], !selector.isEmpty else { return true }
        let sides = selector.split(separator: "=", omittingEmptySubsequences: true)
        return sides.count == 2 && sides[0] == "metadata.name"
            && object.value(at: "metadata.name")?.stringValue == String(sides[1])
    }
}

/// A collection or one of its objects, as a path names it.
struct KubernetesPlace: Sendable {
    private static let kinds = [
        "configmaps": "/api/v1", "secrets": "/api/v1", "leases": "/apis/coordination.k8s.io/v1",
    ]

    let path: String
    let kind: String
    let name: String?
    private let collection: String

    /// Nil for a path of no known resource in a namespace.
    init?(_ path: String) {
        let parts = path.split(separator: "/").map(String.init)
        guard let index = parts.firstIndex(of: "namespaces"), parts.count >= index + 3,
            parts.count <= index + 4
        else { return nil }
        kind = parts[index + 2]
        guard Self.kinds[kind] == "/" + parts[..<index].joined(separator: "/") else { return nil }
        name = parts.count == index + 4 ? parts[index + 3] : nil
        self.path = path
        collection = "/" + parts[...(index + 2)].joined(separator: "/") + "/"
    }

    /// Whether an object's path is one of this collection.
    func collects(_ path: String) -> Bool { path.hasPrefix(collection) }

    /// What the API server would have against an object; nil for nothing.
    func problem(of object: JSONValue) -> String? {
        func bytes(_ object: JSONValue?) -> Int {
            (object?.objectValue?.members ?? []).reduce(0) {
                $0 + $1.key.utf8.count + ($1.value.stringValue?.utf8.count ?? 0)
            }
        }
        if bytes(object["metadata"]?["annotations"]) > 256 << 10 {
            return "metadata.annotations: Too long: may not be more than 262144 bytes"
        }
        if kind == "configmaps", bytes(object["data"]) > 1 << 20 {
            return "[]: Too long: may not be more than 1048576 bytes"
        }
        guard kind == "leases", let spec = object["spec"] else { return nil }
        if let seconds = spec["leaseDurationSeconds"], !seconds.isNull,
            (seconds.intValue ?? 0) <= 0
        {
            return "spec.leaseDurationSeconds: must be greater than 0"
        }
        for field in ["acquireTime", "renewTime"] {
            guard let time = spec[field], !time.isNull else { continue }
            let form = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/
            guard let text = time.stringValue, text.wholeMatch(of: form) != nil else {
                return "spec.\(field): not a MicroTime"
            }
        }
        return nil
    }
}
