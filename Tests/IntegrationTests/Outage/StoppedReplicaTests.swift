import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("A replica that is stopped for long")
    struct StoppedReplicaTests {
        private func sessions(_ site: Deployment) async throws -> Int {
            let count = try await site.sql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    + "AND application_name = 'catalog-listener'")
            return Int(count) ?? 0
        }

        @Test("loses its listening session, holds nothing up and comes back by itself")
        func stopped() async throws {
            let site = try await Deployment.make()
            let (a, b) = try await site.twins()
            try await a.write("POST", Kind.agents.list, ["name": "one"])
            for replica in [a, b] { try await replica.warm([.agents]) }
            try await eventually("both listen") { try await sessions(site) == 2 }
            b.server.pause()
            var usage = 0.0
            var round = 0
            try await eventually(within: .seconds(40), "the end of its session") {
                round += 1
                try await a.write(
                    "PUT", Kind.agents.entity("one"),
                    ["name": "one", "category": .string("\(round)")])
                // Far more than its socket takes.
                let text = try await site.sql(
                    "SELECT pg_notify('catalog_changes', 'load:\(round):' || n) "
                        + "FROM generate_series(1, 500) n OFFSET 500; "
                        + "SELECT pg_notification_queue_usage()")
                usage = max(usage, Double(text.split(separator: "\n").last ?? "") ?? 1)
                return try await sessions(site) == 1
            }
            #expect(usage < 0.01)
            try await eventually("the log says so") { a.count(of: "listeners_ended") == 1 }
            #expect(
                try await a.server.metric(
                    "catalog_observations_total", ["event": "listeners_ended"]) == 1)
            print("the queue of notifications was \(usage * 100) % full at the most")
            b.server.resume()
            try await b.reach(try await site.head())
            try await eventually("it listens again") { try await sessions(site) == 2 }
            try await expectSameContent(a, b, [.agents])
            #expect(b.count(of: "rebuild") == 0)
        }
    }
}
