import CatalogModel
import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Many namespaces in one replica")
    struct ManyNamespacesTests {
        /// CATALOG_TEST_NAMESPACES asks for more, such as 2,000.
        private static let total =
            ProcessInfo.processInfo.environment["CATALOG_TEST_NAMESPACES"].flatMap(Int.init) ?? 60

        @Test("all are served from the cache, and following them costs little")
        func resident() async throws {
            let (site, replica) = try await start([:])
            let began = ContinuousClock.now
            try await warmAll(replica)
            let loaded = began.duration(to: .now)
            let clock = ContinuousClock.now
            let before = try cpuTicks(replica)
            try await Task.sleep(for: .seconds(4))
            let seconds = clock.duration(to: .now) / .seconds(1)
            let busy = Double(try cpuTicks(replica) - before) / 100 / seconds
            print(
                "\(Self.total) namespaces loaded in \(loaded); idle: \(busy) s CPU a second,",
                "\(try residentMegabytes(replica)) MB resident")
            #expect(busy < 0.5)
            try await site.sql(
                "UPDATE entities SET doc = doc || '{\"description\": \"new\"}' "
                    + "WHERE namespace IN ('ns-1', 'ns-\(Self.total)')")
            for name in ["ns-1", "ns-\(Self.total)"] {
                try await replica.reach(2, in: name)
            }
            #expect(replica.count(of: "namespace_evicted") == 0)
            _ = try await replica.server.terminate()
        }

        @Test("more than the budget allows take turns")
        func turns() async throws {
            let limit = Self.total / 2
            let (_, replica) = try await start(["CATALOG_CACHE_MAX_NAMESPACES": "\(limit)"])
            try await warmAll(replica)
            let open = try await replica.server.metric("catalog_cache_namespaces")
            #expect(open == Double(limit))
            let evicted = try await replica.server.metric(
                "catalog_observations_total", ["event": "namespace_evicted"])
            #expect(evicted == Double(Self.total - limit))
            // The first one went; reading it again brings it back.
            let first = try await replica.get(Kind.agents.list, in: "ns-1")
            #expect(first.cache == "MISS")
            #expect(try first.names() == ["one"])
            try await replica.warm([.agents], in: "ns-1")
            _ = try await replica.server.terminate()
        }

        private func start(_ environment: [String: String]) async throws -> (Deployment, Replica) {
            let environment = environment.merging(
                ["CATALOG_TENANCY_MODE": "namespace", "CATALOG_ACCESS_LOG_SAMPLE": "0"]
            ) { $1 }
            let site = try await Deployment.make(environment: environment)
            let replica = try await site.replica()
            try await site.sql(
                """
                INSERT INTO entities (namespace, plugin, kind, source, name, doc)
                SELECT 'ns-' || n, 'agents', 'Agent', 'api', 'one', '{"name": "one"}'
                FROM generate_series(1, \(Self.total)) n
                """)
            return (site, replica)
        }

        private func warmAll(_ replica: Replica) async throws {
            for number in 1...Self.total { try await replica.warm([.agents], in: "ns-\(number)") }
        }

        /// Hundredths of a second that the server has computed.
        private func cpuTicks(_ replica: Replica) throws -> Int {
            let text = try proc(replica, "stat")
            let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
            // The 14th and 15th field, behind the process number and the name.
            guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12])
            else { return 0 }
            return user + system
        }

        private func residentMegabytes(_ replica: Replica) throws -> Int {
            let pages = try proc(replica, "statm").split(separator: " ").dropFirst().first
            return pages.flatMap { Int($0) }.map { $0 / 256 } ?? 0
        }

        private func proc(_ replica: Replica, _ file: String) throws -> String {
            try String(
                contentsOfFile: "/proc/\(replica.server.processIdentifier)/\(file)",
                encoding: .utf8)
        }
    }
}
