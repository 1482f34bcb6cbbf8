import AsyncHTTPClient
package import CatalogModel
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOSSL
import Telemetry

/// Speaks with the Kubernetes API as the pod's service account: objects as JSON, over HTTPS.
///
/// Every call ends within `ServerLimits.kubernetesTimeout`; at most
/// `ServerLimits.kubernetesConnections` are under way, the rest wait inside that time.
package final class KubernetesClient: Sendable {
    private let access: ClusterAccess
    private let token: ServiceAccountToken
    private let http: HTTPClient

    /// Reads the certificate authority; throws `.configuration` when it cannot be used.
    package init(_ access: ClusterAccess) async throws(KubernetesError) {
        self.access = access
        token = ServiceAccountToken(path: access.tokenPath)
        let text = try await SmallFile.text(of: access.authorityPath)
        var tls = TLSConfiguration.makeClientConfiguration()
        do {
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(text.utf8)))
        } catch {
            throw KubernetesError(
                .configuration, "\(access.authorityPath) is no PEM certificate: \(error)")
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(
            connect: .nanoseconds(ServerLimits.kubernetesConnectTimeout.wholeNanoseconds))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
            ServerLimits.kubernetesConnections
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    // The library insists on an end; where `shutdown` came first, this one does nothing.
    deinit { http.shutdown { _ in } }

    /// Closes every connection; calls under way fail.
    package func shutdown() async { try? await http.shutdown() }

    /// The namespace in which the pod runs, as its service account says; nil if it does not say.
    package static func podNamespace(_ access: ClusterAccess) async -> String? {
        guard let text = try? await SmallFile.text(of: access.namespacePath) else { return nil }
        let name = text.trimmingWhitespace
        return name.isEmpty ? nil : name
    }

    /// The namespace in which this server's pod runs; nil if its service account does not say.
    func podNamespace() async -> String? { await Self.podNamespace(access) }

    // MARK: Objects

    /// The object, or a list with its `items`, at a path such as `/api/v1/namespaces/a/configmaps/b`.
    package func get(_ path: String) async throws(KubernetesError) -> JSONValue {
        try await call(.GET, path)
    }

    /// Creates an object in the collection at a path; `.conflict` when it exists.
    @discardableResult
    package func create(
        _ object: JSONValue, at path: String
    ) async throws(KubernetesError) -> JSONValue {
        try await call(.POST, path, object)
    }

    /// Replaces the object at a path; `.conflict` unless its `metadata.resourceVersion` is current.
    @discardableResult
    package func update(
        _ object: JSONValue, at path: String, timeout: Duration? = nil
    ) async throws(KubernetesError) -> JSONValue {
        try await call(.PUT, path, object, timeout: timeout)
    }

    /// Changes the object at a path by a JSON merge patch (RFC 7396).
    @discardableResult
    package func patch(
        _ change: JSONValue, at path: String
    ) async throws(KubernetesError) -> JSONValue {
        try await call(.PATCH, path, change, contentType: "application/merge-patch+json")
    }

    private func call(
        _ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil,
        contentType: String = "application/json", timeout: Duration? = nil
    ) async throws(KubernetesError) -> JSONValue {
        let limit = timeout ?? ServerLimits.kubernetesTimeout
        let deadline = NIODeadline.now() + .nanoseconds(limit.wholeNanoseconds)
        do {
            let response = try await send(method, path, body, contentType, deadline)
            let bytes = try await response.body.collect(upTo: ServerLimits.kubernetesAnswerBytes)
            return try Self.value(of: response.status, Array(bytes.readableBytesView))
        } catch {
            throw Self.known(error)
        }
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ body: JSONValue?, _ contentType: String,
        _ deadline: NIODeadline
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: access.base + path)
        request.method = method
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "Authorization", value: "Bearer \(try await token.current())")
        if let trace = TraceContext.current {
            request.headers.add(name: "traceparent", value: trace.traceparent)
            if !trace.state.isEmpty {
                request.headers.add(name: "tracestate", value: trace.state)
            }
        }
        if let body {
            request.headers.add(name: "Content-Type", value: contentType)
            request.body = .bytes(ByteBuffer(bytes: body.encoded))
        }
        let response = try await http.execute(request, deadline: deadline)
        guard response.status == .unauthorized else { return response }
        // The token may have been replaced since it was read.
        token.forget()
        request.headers.replaceOrAdd(
            name: "Authorization", value: "Bearer \(try await token.current())")
        _ = try await response.body.collect(upTo: ServerLimits.kubernetesAnswerBytes)
        return try await http.execute(request, deadline: deadline)
    }

    // MARK: Watch

    /// One line of a watch.
    package struct Event: Sendable {
        /// `ADDED`, `MODIFIED`, `DELETED` or `BOOKMARK`.
        package let type: String
        package let object: JSONValue
    }

    /// Follows a collection, such as `/api/v1/namespaces/a/configmaps?fieldSelector=…`, until it ends.
    ///
    /// Returns when the API closes the stream, as it does every few minutes; watch again from the
    /// last `metadata.resourceVersion` then. Throws `.gone` when that is too old. Cancel the task to
    /// leave.
    package func watch(
        _ path: String, from resourceVersion: String,
        _ onEvent: (Event) async throws -> Void
    ) async throws {
        let mark = path.contains("?") ? "&" : "?"
        let seconds = ServerLimits.kubernetesWatchSeconds
        let target =
            "\(path)\(mark)watch=true&allowWatchBookmarks=true&timeoutSeconds=\(seconds)"
            + "&resourceVersion=\(resourceVersion)"
        do {
            // The answer's head comes at once; the API ends the stream after the time asked for.
            let deadline = NIODeadline.now() + .seconds(Int64(seconds + 30))
            let response = try await send(.GET, target, nil, "", deadline)
            guard response.status == .ok else {
                let bytes = try await response.body.collect(
                    upTo: ServerLimits.kubernetesAnswerBytes)
                _ = try Self.value(of: response.status, Array(bytes.readableBytesView))
                return
            }
            var lines = LineSplitter()
            for try await buffer in response.body {
                for line in try lines.lines(adding: buffer.readableBytesView) {
                    try await onEvent(Self.event(line))
                }
            }
        } catch let error as KubernetesError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            throw Self.known(error)
        }
    }

    private static func event(_ line: [UInt8]) throws -> Event {
        guard let value = try? JSONParser.parse(line), let type = value["type"]?.stringValue,
            let object = value["object"]
        else { throw KubernetesError(.malformed, "a line of the watch is no event") }
        guard type != "ERROR" else {
            let code = Int(object["code"]?.intValue ?? 500)
            throw error(status: code, object["message"]?.stringValue ?? "the watch failed")
        }
        return Event(type: type, object: object)
    }

    // MARK: Answers

    private static func value(
        of status: HTTPResponseStatus, _ bytes: [UInt8]
    ) throws(KubernetesError) -> JSONValue {
        let value = try? JSONParser.parse(bytes)
        guard (200..<300).contains(status.code) else {
            throw error(status: Int(status.code), value?["message"]?.stringValue ?? "\(status)")
        }
        guard let value else { throw KubernetesError(.malformed, "the answer is no JSON") }
        return value
    }

    private static func error(status: Int, _ message: String) -> KubernetesError {
        let code: KubernetesError.Code =
            switch status {
            case 401: .unauthorized
            case 403: .forbidden
            case 404: .notFound
            case 409: .conflict
            case 410: .gone
            case 429, 500...: .unavailable
            default: .refused
            }
        return KubernetesError(code, "\(status) \(message)")
    }

    private static func known(_ error: any Error) -> KubernetesError {
        error as? KubernetesError ?? KubernetesError(.unavailable, "\(error)")
    }
}
