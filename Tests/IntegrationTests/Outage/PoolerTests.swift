import CatalogModel
import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    @Suite(
        "A pooler of transactions between a replica and Postgres",
        .enabled(if: LocalProgram.isInstalled("/usr/sbin/pgbouncer")))
    struct PoolerTests {
        @Test("the replica says that it polls, and sees every write all the same")
        func pooler() async throws {
            let site = try await Deployment.make()
            let direct = try await site.replica()
            let port = LocalProgram.freePort()
            let database = try #require(
                site.dsn.split(separator: " ").first { $0.hasPrefix("dbname=") })
            let pooler = try LocalProgram(
                "/usr/sbin/pgbouncer",
                configuration: { folder in
                    [
                        "users.txt": "\"postgres\" \"\"\n",
                        "bouncer.ini": """
                        [databases]
                        * = host=\(site.cluster.folder)
                        [pgbouncer]
                        listen_addr = 127.0.0.1
                        listen_port = \(port)
                        unix_socket_dir =
                        auth_type = trust
                        auth_file = \(folder)/users.txt
                        pool_mode = transaction
                        ignore_startup_parameters = extra_float_digits
                        """,
                    ]
                }, arguments: { ["\($0)/bouncer.ini"] }, user: "postgres")
            var options = site.options()
            options.dsn = "host=127.0.0.1 port=\(port) \(database) user=postgres"
            options.environment["CATALOG_DATABASE_PREPARED_STATEMENTS"] = "false"
            // A server that cannot reach its database at the start tries again by itself.
            let server = try await ServerProcess.ready(options)
            let pooled = Replica(server: server, site: site)
            try await direct.write("POST", Kind.agents.list, ["name": "first"])
            for replica in [direct, pooled] { try await replica.warm([.agents]) }
            try await eventually(within: .seconds(20), "the replica says that it polls") {
                pooled.count(of: "feed_polling") > 0
            }
            #expect(direct.count(of: "feed_polling") == 0)
            for number in 0..<20 {
                let written = try await direct.write(
                    "PUT", Kind.agents.entity("first"),
                    ["name": "first", "category": .string("\(number)")])
                let acknowledged = ContinuousClock.now
                let read = try await pooled.get(Kind.agents.entity("first"))
                let bound = try #require(read.stalenessBound)
                if read.revision < written.revision {
                    #expect(bound + .seconds(1) >= acknowledged.duration(to: .now))
                }
                try await pooled.reach(written.revision)
            }
            // Writes through the pooler are writes like any other.
            try await pooled.write("POST", Kind.agents.list, ["name": "second"])
            try await direct.reach(try await site.head())
            try await expectSameContent(direct, pooled, [.agents])
            withExtendedLifetime(pooler) {}
        }
    }
}
