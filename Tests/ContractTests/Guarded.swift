import TestSupport

/// A server that asks a double of the cluster about every request.
struct Guarded {
    let server: ServerProcess
    let cluster: KubernetesDouble

    static let shared = Task { try await Guarded.start() }

    static func start(_ environment: [String: String] = [:]) async throws -> Guarded {
        let cluster = try await KubernetesDouble.start()
        var settings = cluster.environment
        settings["CATALOG_TENANCY_MODE"] = "namespace"
        settings["CATALOG_AUTHZ_MODE"] = "sar"
        let server = try await ServerProcess.ready(
            .init(environment: settings.merging(environment) { $1 }))
        return Guarded(server: server, cluster: cluster)
    }

    /// A request of a user in a namespace, with a body where the method has one.
    func send(
        _ method: String, _ path: String, as user: String?, in namespace: String? = "team-a",
        _ more: [String: String] = [:]
    ) async throws -> HTTPResponse {
        var headers = more
        headers["X-Remote-User"] = user
        headers["X-Namespace"] = namespace
        let hasBody = ["POST", "PUT", "PATCH"].contains(method)
        return try await server.client.send(
            method, path, headers: headers, body: hasBody ? Array("{".utf8) : nil)
    }
}
