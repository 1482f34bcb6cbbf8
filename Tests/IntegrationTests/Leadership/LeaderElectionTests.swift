import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    /// Three real processes and kills; the times of their logs are compared.
    @Suite("Leader election") struct LeaderElectionTests {
        private static let sources = [
            "sources.yaml": """
            apiVersion: catalog/v1alpha1
            kind: CatalogSources
            catalogs:
              agents:
                sources:
                  - id: team
                    name: Team
                    type: yaml
                    properties: {content: "agents: [{name: first}]"}
            """
        ]

        @Test("sessions of Postgres: kills, an orderly end, a process that stands still")
        func postgres() async throws {
            let replicas = try await Electorate.make(
                files: Self.sources, environment: ["CATALOG_LEADER_ELECTION_BACKEND": "postgres"])
            var leader = try await replicas.leader()
            try await Self.expectFollowersServe(replicas, leader)
            for _ in 0..<2 {
                try await replicas.kill(leader)
                let next = try await replicas.leader(otherThan: leader)
                try await replicas.restart(leader)
                leader = next
            }
            try await replicas.terminate(leader)
            let next = try await replicas.leader(otherThan: leader)
            try await replicas.restart(leader)
            await replicas.expectNoOverlap()
            // A process that stands still keeps its session; the others do not wait for ever.
            let stopped = try #require(replicas.servers[next])
            stopped.pause()
            let successor = try await replicas.leader(otherThan: next)
            stopped.resume()
            try await eventually("the old leader has noticed") {
                try await replicas.role(of: next) == "follower"
            }
            #expect(try await replicas.role(of: successor) == "leader")
            #expect(try await Self.leaders(replicas) == 1)
            let terms = await replicas.terms()
            #expect(terms.count == 5, "\(terms)")
        }

        @Test("a lost session ends the term at once, and the leader campaigns again")
        func lostSession() async throws {
            let replicas = try await Electorate.make(
                environment: ["CATALOG_LEADER_ELECTION_BACKEND": "postgres"])
            for round in 1...2 {
                let leader = try await replicas.leader()
                try await replicas.site.sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
                        + "AND granted AND database = (SELECT oid FROM pg_database WHERE datname "
                        + "= current_database())")
                try await eventually("the end of the term of \(leader)") {
                    await replicas.terms().count { $0.end != nil } >= round
                }
            }
            _ = try await replicas.leader()
            try await eventually("one leader again") { try await Self.leaders(replicas) == 1 }
            await replicas.expectNoOverlap()
        }

        @Test("a Lease of Kubernetes: kills, an orderly end, an API that goes away")
        func kubernetes() async throws {
            let cluster = try await KubernetesDouble.start()
            // In a cluster the backend needs no setting.
            let replicas = try await Electorate.make(
                files: Self.sources,
                environment: cluster.environment.merging(["POD_NAMESPACE": "prod"]) { $1 })
            let path =
                "/apis/coordination.k8s.io/v1/namespaces/prod/leases/catalog-server-leader"
            var leader = try await replicas.leader()
            #expect(cluster.object(path)?.value(at: "spec.holderIdentity")?.stringValue == leader)
            try await Self.expectFollowersServe(replicas, leader)
            try await replicas.kill(leader)
            var next = try await replicas.leader(otherThan: leader)
            try await replicas.restart(leader)
            (leader, next) = (next, leader)
            try await replicas.terminate(leader)
            #expect(cluster.object(path)?.value(at: "spec.holderIdentity")?.stringValue != leader)
            next = try await replicas.leader(otherThan: leader)
            try await replicas.restart(leader)
            await replicas.expectNoOverlap()
            cluster.set(.drop, on: "leases")
            try await eventually("nobody leads") { try await Self.leaders(replicas) == 0 }
            #expect(try await replicas.servers[next]?.client.get("/readyz").status == 200)
            cluster.clearFaults()
            _ = try await replicas.leader()
            #expect(try await Self.leaders(replicas) == 1)
            await replicas.expectNoOverlap()
        }

        /// Followers serve reads and writes and take jobs, which the leader does.
        private static func expectFollowersServe(
            _ replicas: Electorate, _ leader: String
        ) async throws {
            let other = try #require(replicas.servers.keys.first { $0 != leader })
            let follower = Replica(
                server: try #require(replicas.servers[other]), site: replicas.site)
            #expect(try await replicas.role(of: other) == "follower")
            #expect(try await follower.server.metric("catalog_leader") == 0)
            #expect(try await replicas.servers[leader]?.metric("catalog_leader") == 1)
            try await replicas.site.ageRefreshes()
            let job = try await follower.refresh(.agents)
            #expect(job["state"] == "succeeded")
            try await follower.write("POST", Kind.agents.list, ["name": "by-follower"])
            for (name, server) in replicas.servers {
                try await eventually("the write at \(name)") {
                    try await server.client.get("\(Kind.agents.list)/by-follower").status == 200
                }
                let started = server.logLines.contains {
                    $0.value(at: "metadata.event") == "job_succeeded"
                }
                #expect(!started || name == leader, "\(name) did a job")
            }
        }

        /// How many say that they lead.
        private static func leaders(_ replicas: Electorate) async throws -> Int {
            var count = 0
            for name in replicas.servers.keys {
                if try await replicas.role(of: name) == "leader" { count += 1 }
            }
            return count
        }
    }
}
