import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("The log while replicas come and go")
    struct LogUpkeepTests {
        private static let impatient = [
            "CATALOG_LOG_TRIM_INTERVAL_MS": "50", "CATALOG_LOG_KEEP_SECONDS": "0",
            "CATALOG_LOG_KEEP_REVISIONS": "5",
        ]

        @Test("is short with a dead replica registered, and both replicas end alike")
        func bounded() async throws {
            let site = try await Deployment.make(environment: Self.impatient)
            let (a, b) = try await site.twins()
            try await a.write("POST", Kind.agents.list, ["name": "first"])
            for replica in [a, b] { try await replica.warm([.agents]) }
            try await site.sql(
                """
                SELECT catalog_report('dead-1', 'dead', interval '0', '{default}',
                    (SELECT ARRAY[epoch] FROM namespaces WHERE name = 'default'), '{1}', '{}')
                """)
            for number in 0..<60 {
                try await [a, b][number % 2].write(
                    "PUT", Kind.agents.entity("e\(number % 7)"),
                    ["name": .string("e\(number % 7)"), "category": .string("c\(number)")])
            }
            let head = try await site.head()
            for replica in [a, b] { try await replica.reach(head) }
            try await eventually("a short log") {
                try await site.sql("SELECT count(*) FROM revisions") == "5"
            }
            #expect(
                try await site.sql("SELECT revision - floor FROM namespaces WHERE name = 'default'")
                    == "5")
            try await expectSameContent(a, b, [.agents])
            #expect(a.count(of: "rebuild") + b.count(of: "rebuild") == 0)
        }

        @Test("leaves a replica that was away too long to a new start")
        func belowTheFloor() async throws {
            let site = try await Deployment.make(
                environment: Self.impatient.merging(["CATALOG_LOG_MAX_REVISIONS": "10"]) { $1 })
            let (a, b) = try await site.twins()
            try await a.write("POST", Kind.agents.list, ["name": "first"])
            for replica in [a, b] { try await replica.warm([.agents]) }
            b.server.pause()
            for number in 0..<40 {
                try await a.write(
                    "PUT", Kind.agents.entity("first"),
                    ["name": "first", "category": .string("c\(number)")])
            }
            try await eventually("a floor past the other replica") {
                try await site.sql("SELECT floor >= 30 FROM namespaces WHERE name = 'default'")
                    == "t"
            }
            b.server.resume()
            try await b.reach(try await site.head())
            // What is built anew is answered from the store meanwhile.
            try await b.warm([.agents])
            try await expectSameContent(a, b, [.agents])
            try await eventually("a rebuild in the log") { b.count(of: "rebuild") > 0 }
        }

        @Test("one partition restored from a dump: no reply keeps the future that was lost")
        func restoredPartition() async throws {
            let site = try await Deployment.make()
            let (a, b) = try await site.twins()
            for name in ["kept", "changed"] {
                try await a.write(
                    "POST", Kind.agents.list, ["name": .string(name), "category": "past"])
            }
            try await a.write("POST", Kind.skills.list, ["name": "untouched"])
            for replica in [a, b] { try await replica.warm([.agents, .skills]) }
            let dump = "\(site.cluster.folder)/agents.dump"
            try await site.cluster.tool(
                "pg_dump", ["-Fc", "--table=agents_entities", "-f", dump, site.dsn])
            try await a.write(
                "PUT", Kind.agents.entity("changed"), ["name": "changed", "category": "future"])
            let future = try await a.write("POST", Kind.agents.list, ["name": "lost"])
            for replica in [a, b] { try await replica.reach(future.revision) }
            let epoch = try await site.sql("SELECT epoch FROM namespaces WHERE name = 'default'")
            do {
                try await site.cluster.tool("pg_restore", ["--clean", "-d", site.dsn, dump])
            } catch {
                // Attaching the partition has made its indexes before the dump's own come.
                try #require("\(error)".contains("errors ignored on restore"))
            }
            for replica in [a, b] {
                try await eventually("the past on every replica") {
                    let whole = try await replica.get(Kind.agents.whole)
                    return try whole.cache == "HIT" && whole.names() == ["changed", "kept"]
                }
                let changed = try await replica.get(Kind.agents.entity("changed"))
                #expect(try changed.json()["category"]?.stringValue == "past")
                #expect(try await replica.get(Kind.agents.entity("lost")).status == 404)
            }
            #expect(
                try await site.sql("SELECT epoch FROM namespaces WHERE name = 'default'") != epoch)
            #expect(try await site.sql("SELECT catalog_digest_holds('default')") == "t")
            try await a.write(
                "PUT", Kind.agents.entity("changed"), ["name": "changed", "category": "new"])
            let head = try await site.head()
            for replica in [a, b] {
                try await replica.warm([.agents, .skills])
                try await replica.reach(head)
            }
            try await expectSameContent(a, b, [.agents, .skills])
        }
    }
}
