import CatalogModel
import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("One writer thread for all namespaces")
    struct CopyLatencyTests {
        /// CATALOG_TEST_COPY_ENTITIES asks for a longer copy, such as 100,000.
        private static let entities =
            ProcessInfo.processInfo.environment["CATALOG_TEST_COPY_ENTITIES"].flatMap(Int.init)
            ?? 10_000

        @Test("writes of a namespace are seen in time while another one is copied")
        func neighbours() async throws {
            let site = try await Deployment.make(
                environment: [
                    "CATALOG_TENANCY_MODE": "namespace", "CATALOG_ACCESS_LOG_SAMPLE": "0",
                ])
            let replica = try await site.replica()
            try await site.sql(
                """
                INSERT INTO entities (namespace, plugin, kind, source, name, doc)
                SELECT 'large', 'agents', 'Agent', 'api', 'agent-' || n, jsonb_build_object(
                    'name', 'agent-' || n, 'description', repeat('z', 700))
                FROM generate_series(1, \(Self.entities)) n
                """)
            try await replica.write("POST", Kind.agents.list, ["name": "a"], in: "small")
            try await replica.warm([.agents], in: "small")
            let idle = try await latencies(replica) { $0 >= 100 }
            // A get demands the collection like a list and costs the store less.
            _ = try await replica.get(Kind.agents.entity("agent-1"), in: "large")
            let began = ContinuousClock.now
            let busy = try await latencies(replica) { count in
                let read = try await replica.get(Kind.agents.entity("agent-1"), in: "large")
                return read.cache == "HIT" && count >= 20
            }
            print(
                "copy of \(Self.entities): \(began.duration(to: .now)), writes of another namespace,",
                "visible here: \(Self.summary(busy)); before: \(Self.summary(idle))")
            #expect(busy[busy.count / 2] < .seconds(1))
            _ = try await replica.server.terminate()
        }

        /// How long writes take until their own replica shows them, one after the other, sorted.
        private func latencies(
            _ replica: Replica, until isOver: (Int) async throws -> Bool
        ) async throws -> [Duration] {
            var found: [Duration] = []
            while try await !isOver(found.count), found.count < 5_000 {
                let began = ContinuousClock.now
                let write = try await replica.write(
                    "PUT", Kind.agents.entity("a"),
                    ["name": "a", "description": .string("\(found.count)")], in: "small")
                let read = try await replica.get(Kind.agents.entity("a"), in: "small")
                found.append(began.duration(to: .now))
                #expect(read.revision >= write.revision)
            }
            return found.sorted()
        }

        private static func summary(_ sorted: [Duration]) -> String {
            let (p50, p99) = (sorted[sorted.count / 2], sorted[sorted.count * 99 / 100])
            return "\(sorted.count) writes, p50 \(p50), p99 \(p99)"
        }
    }
}
