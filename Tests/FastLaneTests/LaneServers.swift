import CatalogModel
import Foundation
import TestSupport
import Testing

/// Tests on live servers, one after the other: some keep a server busy, others watch the time.
@Suite("The lane on a live server", .serialized)
enum LiveTests {}

/// One database with a server for each way of answering, and the entities that all of them know.
struct LaneServers: Sendable {
    private static let starting = Task { try await start() }

    let off: ServerProcess
    let parts: ServerProcess
    let bytes: ServerProcess
    /// Paths of entities that are cached everywhere.
    let paths: [String]

    static func get() async throws -> LaneServers { try await starting.value }

    private static func start() async throws -> LaneServers {
        func server(_ mode: String, _ dsn: String?) async throws -> ServerProcess {
            try await ServerProcess.ready(
                .init(
                    environment: [
                        "CATALOG_FAST_LANE": mode, "CATALOG_TENANCY_MODE": "namespace",
                        "CATALOG_CACHE_DISCOVERY_TTL": "3600",
                        "CATALOG_CACHE_CAPABILITIES_TTL": "3600",
                    ], dsn: dsn))
        }
        let bytes = try await server("bytes", nil)
        let servers = LaneServers(
            off: try await server("off", bytes.dsn), parts: try await server("parts", bytes.dsn),
            bytes: bytes, paths: try await names(bytes.client))
        for server in [servers.off, servers.parts, bytes] {
            for path in servers.paths { try await warm(server.client, path) }
        }
        return servers
    }

    private static func names(_ client: HTTPClient) async throws -> [String] {
        let lists = [
            ("/api/agents_catalog/v1alpha1/agents", nil),
            ("/api/mcp_catalog/v1alpha1/mcpservers", nil),
            ("/api/model_catalog/v1alpha1/models", "/api/model_catalog/v1alpha1/sources"),
        ]
        var paths: [String] = []
        for (list, sources) in lists {
            let answer = try await client.get("\(list)?pageSize=4&namespace=default")
            for item in try answer.json()["items"]?.arrayValue ?? [] {
                guard let name = item["name"]?.stringValue else { continue }
                paths.append("\(list)/\(name)")
                if let sources, let source = item["source_id"]?.stringValue {
                    paths.append("\(sources)/\(source)/models/\(name)")
                }
            }
        }
        #expect(paths.count >= 12)
        return paths
    }

    private static func warm(_ client: HTTPClient, _ path: String) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while try await client.get("\(path)?namespace=default").header("X-Cache") != "HIT" {
            try #require(ContinuousClock.now < end, "\(path) stays cold")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// How many hits a server's lane has answered.
    static func answered(_ server: ServerProcess) async throws -> Double {
        try await server.metric("catalog_fast_lane_hits_total") ?? 0
    }
}

/// What a server sent, without what differs from one answer to the next.
enum Transcript {
    private static let varying = ["Date: ", "X-Request-ID: ", "X-Staleness-Bound: "]

    static func normalised(_ bytes: [UInt8]) -> String {
        let lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map { line in
            let text = String(decoding: line, as: UTF8.self)
            // An id that the client chose has to come back.
            if text.hasPrefix("X-Request-ID: given") { return text }
            // Of a trace all but the number of this step.
            if text.hasPrefix("traceparent: 00-") { return "\(text.prefix(49))\(text.suffix(4))" }
            return varying.first { text.hasPrefix($0) } ?? text
        }
        return lines.joined(separator: "\n")
    }
}

/// Random numbers that a seed repeats.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
