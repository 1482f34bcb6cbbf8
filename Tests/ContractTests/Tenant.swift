import CatalogModel
import TestSupport
import Testing

/// A namespace of its own on the server in namespace mode that the writing tests share.
struct Tenant: Sendable {
    private static let starting = Task {
        try await ServerProcess.readyInMode(
            .init(environment: [
                "CATALOG_TENANCY_MODE": "namespace", "CATALOG_NAMESPACES": "team-a, team-b",
            ]))
    }

    let server: ServerProcess
    let namespace: String

    /// A namespace that nobody has used.
    static func fresh() async throws -> Tenant {
        let name = "t-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        return Tenant(server: try await starting.value, namespace: name)
    }

    static func named(_ namespace: String) async throws -> Tenant {
        Tenant(server: try await starting.value, namespace: namespace)
    }

    var client: HTTPClient { server.client }

    func headers(_ more: [String: String] = [:]) -> [String: String] {
        asOperator.merging(["X-Namespace": namespace]) { $1 }.merging(more) { $1 }
    }

    func get(_ target: String, _ more: [String: String] = [:]) async throws -> HTTPResponse {
        try await client.get(target, headers: headers(more))
    }

    func post(
        _ target: String, _ json: JSONValue, _ more: [String: String] = [:]
    ) async throws -> HTTPResponse {
        try await client.post(target, headers: headers(more), json: json)
    }

    func put(
        _ target: String, _ json: JSONValue, _ more: [String: String] = [:]
    ) async throws -> HTTPResponse {
        try await client.put(target, headers: headers(more), json: json)
    }

    func patch(
        _ target: String, _ json: JSONValue, _ more: [String: String] = [:]
    ) async throws -> HTTPResponse {
        try await client.patch(target, headers: headers(more), json: json)
    }

    func delete(_ target: String, _ more: [String: String] = [:]) async throws -> HTTPResponse {
        try await client.delete(target, headers: headers(more))
    }

    /// The audit events of the namespace, newest first.
    func events(_ query: String = "") async throws -> [JSONValue] {
        let response = try await get("/api/audit/v1alpha1/events?pageSize=100&\(query)")
        try #require(response.status == 200)
        return try #require(try response.json()["events"]?.arrayValue)
    }
}
