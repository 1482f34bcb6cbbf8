import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Clients of the change feed that never read")
    struct StalledClientTests {
        private static let path = "/api/changes/v1alpha1"
        private static let text = String(repeating: "x", count: 200_000)

        /// Writes more than the buffers of a connection hold.
        private func write(_ round: Int, to replica: Replica) async throws {
            try await replica.upsert(
                .agents,
                (0..<5).map {
                    ["name": .string("n\($0)"), "category": .string("\(round) \(Self.text)")]
                }
            )
        }

        @Test("are hung up on after a while, and the others are not")
        func stalled() async throws {
            let site = try await Deployment.make(environment: [
                "CATALOG_CHANGES_WRITE_TIMEOUT_MS": "500"
            ])
            let replica = try await site.replica()
            try await write(-1, to: replica)
            let port = replica.server.port
            let stalled = try await SlowReader(
                port: port, target: "\(Self.path)?from=0&include=body",
                headers: ["Accept": "text/event-stream"])
            let reading = try await EventStream.open("\(Self.path)?from=0&include=body", port: port)
            var round = 0
            try await eventually(within: .seconds(20), "the end of the stalled stream") {
                try await write(round, to: replica)
                round += 1
                let revision = try #require(try await reading.next("revision"))
                #expect(revision["revision"]?.intValue ?? 0 <= Int64(round) + 1)
                return try await replica.server.metric("catalog_change_stalled_total") == 1
            }
            try await eventually("one seat in use") {
                try await replica.server.metric("catalog_change_streams_open") == 1
            }
            // What had been sent is whole as far as it goes; then the connection is at its end.
            let rest = try? await stalled.rest()
            #expect(rest == nil || rest?.isEmpty == false)
            // Nothing was missed by who reads, and the one who did not can come back.
            let head = Int64(try await site.head())
            while let event = try await reading.next("revision") {
                if event["revision"]?.intValue == head { break }
            }
            let again = try await EventStream.open("\(Self.path)?from=0", port: port)
            #expect(try await again.next("revision")?["revision"] == 1)
        }
    }
}
