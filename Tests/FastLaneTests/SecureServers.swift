import AsyncHTTPClient
import CatalogModel
import NIOCore
import NIOHTTP1
import NIOSSL
import TestSupport
import Testing

/// Two servers on the entities of `LaneServers` that speak over TLS: router alone, and lane.
struct SecureServers: Sendable {
    private static let starting = Task { try await start() }

    let off: SecureServer
    let bytes: SecureServer
    let paths: [String]

    static func get() async throws -> SecureServers { try await starting.value }

    private static func start() async throws -> SecureServers {
        let plain = try await LaneServers.get()
        let pair = try await CertificatePair.make()
        func server(_ mode: String) async throws -> SecureServer {
            let server = try await SecureServer.start(
                pair, mode: mode, dsn: plain.bytes.dsn)
            for path in plain.paths { try await server.warm(path) }
            return server
        }
        return SecureServers(
            off: try await server("off"), bytes: try await server("bytes"), paths: plain.paths)
    }
}

/// A server over TLS with clients of HTTP/1.1 and of HTTP/2.
struct SecureServer: Sendable {
    let process: ServerProcess
    let pair: CertificatePair
    let http1: SecureClient
    let http2: SecureClient

    static func start(
        _ pair: CertificatePair, mode: String, dsn: String?
    ) async throws -> SecureServer {
        let settings = [
            "CATALOG_FAST_LANE": mode, "CATALOG_TENANCY_MODE": "namespace",
            "CATALOG_CACHE_DISCOVERY_TTL": "3600", "CATALOG_CACHE_CAPABILITIES_TTL": "3600",
        ]
        let process = try await ServerProcess.start(
            .init(environment: settings.merging(pair.environment) { $1 }, dsn: dsn))
        try await process.waitForLine(within: .seconds(60)) {
            $0["message"]?.stringValue == "ready"
        }
        return SecureServer(
            process: process, pair: pair,
            http1: SecureClient(port: process.port, trusted: pair.certificate, .http1Only),
            http2: SecureClient(port: process.port, trusted: pair.certificate, .automatic))
    }

    var socket: SecureSocket { SecureSocket(port: process.port, trusted: pair.certificate) }

    func warm(_ path: String) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while try await http1.get("\(path)?namespace=default").headers.first(name: "X-Cache")
            != "HIT"
        {
            try #require(ContinuousClock.now < end, "\(path) stays cold")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// How many hits the lane has answered, by layer.
    func answered(_ layer: String) async throws -> Double {
        let text = try await http1.get("/metrics").text
        return MetricsText.sum(
            of: "catalog_fast_lane_hits_total", labels: ["layer": layer], in: text) ?? 0
    }
}

/// A client over TLS that believes one certificate.
final class SecureClient: Sendable {
    /// An answer with its body.
    struct Answer: Sendable {
        let status: UInt
        let version: HTTPVersion
        let headers: HTTPHeaders
        let text: String
    }

    private let client: AsyncHTTPClient.HTTPClient
    private let base: String

    init(
        port: Int, trusted: String,
        _ version: AsyncHTTPClient.HTTPClient.Configuration.HTTPVersion
    ) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(trusted)
        var configuration = AsyncHTTPClient.HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.httpVersion = version
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(5)
        client = AsyncHTTPClient.HTTPClient(configuration: configuration)
        base = "https://127.0.0.1:\(port)"
    }

    deinit { client.shutdown { _ in } }

    func get(
        _ target: String, _ fields: [(String, String)] = [], method: HTTPMethod = .GET,
        body: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: base + target)
        request.method = method
        for (name, value) in fields { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await client.execute(request, timeout: .seconds(20))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        return Answer(
            status: response.status.code, version: response.version, headers: response.headers,
            text: String(buffer: bytes))
    }
}
