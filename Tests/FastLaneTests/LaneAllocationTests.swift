import CatalogModel
import Foundation
import TestSupport
import Testing

/// The library that counts the server's allocations, `bench/micro/allocations`, if it was built.
///
/// The script that runs all tests builds it, and a release of the server, which alone shows what a
/// hit costs: without optimisation nearly every call allocates.
private let counter = ProcessInfo.processInfo.environment["CATALOG_ALLOCATION_COUNTER"]

extension LiveTests {
    @Suite("Allocations of a hit", .serialized, .enabled(if: counter != nil))
    struct LaneAllocationTests {
        private static let agents = "/api/agents_catalog/v1alpha1/agents"

        /// A server whose every allocation is counted, by whatever library, in a file.
        private struct Counted {
            let server: ServerProcess
            let file: String

            var blocks: UInt64 {
                get throws {
                    let data = try Data(contentsOf: URL(filePath: file))
                    return data.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
                }
            }
        }

        private func start() async throws -> Counted {
            let file = "\(try ServerFiles.temporaryFolder())/count"
            try Data(count: 16).write(to: URL(filePath: file))
            let settings = [
                "LD_PRELOAD": try #require(counter), "CATALOG_ALLOCATIONS_FILE": file,
                "CATALOG_FAST_LANE": "bytes", "CATALOG_TENANCY_MODE": "namespace",
                "CATALOG_CACHE_CAPABILITIES_TTL": "3600", "CATALOG_CACHE_DISCOVERY_TTL": "3600",
            ]
            return Counted(
                server: try await ServerProcess.ready(.init(environment: settings)), file: file)
        }

        /// Blocks of one hit of the cleanest of some rounds: the server does other things, too.
        private func blocks(
            _ counted: Counted, _ target: String, _ headers: [String: String] = [:]
        ) async throws -> Double {
            let connection = try await counted.server.client.connect()
            for _ in 0..<50 { _ = try await connection.get(target, headers: headers) }
            let hits = 400
            var least = Double.infinity
            for _ in 0..<8 {
                let lane = try await LaneServers.answered(counted.server)
                let before = try counted.blocks
                for _ in 0..<hits { _ = try await connection.get(target, headers: headers) }
                least = min(least, Double(try counted.blocks - before) / Double(hits))
                #expect(try await LaneServers.answered(counted.server) >= lane + Double(hits))
            }
            return least
        }

        @Test("a hit of whatever kind needs no block of memory")
        func hits() async throws {
            let counted = try await start()
            // The reading of a counter is an allocation that has to be seen.
            let before = try counted.blocks
            _ = try await LaneServers.answered(counted.server)
            #expect(try counted.blocks > before)
            let list = "\(Self.agents)?pageSize=2&namespace=default"
            let client = counted.server.client
            let name = try #require(
                try await client.get(list).json()["items"]?.arrayValue?.first?["name"]?
                    .stringValue)
            let entity = "\(Self.agents)/\(name)?namespace=default"
            let capabilities = "/api/plugins/mcp/capabilities?namespace=default"
            for target in [entity, list, capabilities] {
                let found = try await blocks(counted, target)
                #expect(found < 0.5, "\(target): \(found) blocks a hit")
                let tag = try #require(try await client.get(target).header("ETag"))
                let known = try await blocks(counted, target, ["If-None-Match": tag])
                #expect(known < 0.5, "\(target), nothing has changed: \(known) blocks")
                let packed = try await blocks(counted, target, ["Accept-Encoding": "gzip"])
                #expect(packed < 0.5, "\(target), compressed: \(packed) blocks")
            }
        }
    }
}
