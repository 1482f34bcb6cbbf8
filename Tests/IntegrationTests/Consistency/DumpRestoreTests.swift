import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Postgres restored from a dump while replicas serve")
    struct DumpRestoreTests {
        private static let strong = ["X-Catalog-Consistency": "strong"]

        private func put(
            _ text: String, _ name: String, by replica: Replica
        ) async throws -> HTTPResponse {
            try await replica.write(
                "PUT", Kind.agents.entity(name),
                ["name": .string(name), "category": .string(text)])
        }

        /// Restores as the runbook says; what it says about errors holds, too.
        private func restore(_ dump: String, _ site: Deployment) async throws {
            do {
                try await site.cluster.tool(
                    "pg_restore", ["--clean", "--if-exists", "-d", site.dsn, dump])
            } catch {
                let lines = "\(error)".split(separator: "\n").filter { $0.contains("error: ") }
                let known = [
                    "cannot drop inherited constraint", "already exists", "multiple primary keys",
                ]
                for line in lines {
                    #expect(known.contains { line.contains($0) }, "\(line)")
                }
            }
        }

        @Test("the whole database: no replica serves the past's future, and all go on")
        func whole() async throws {
            let site = try await Deployment.make()
            let (a, b) = try await site.twins()
            for name in ["kept", "changed"] { _ = try await put("past", name, by: a) }
            for replica in [a, b] { try await replica.warm([.agents, .skills]) }
            let dump = "\(site.cluster.folder)/whole-\(UInt32.random(in: 0 ... .max)).dump"
            try await site.cluster.tool("pg_dump", ["-Fc", "-f", dump, site.dsn])
            _ = try await put("future", "changed", by: a)
            let future = try await put("future", "lost", by: b)
            for replica in [a, b] { try await replica.reach(future.revision) }

            try await restore(dump, site)
            for replica in [a, b] {
                // From the first answer on that asks the primary.
                let read = try await eventually(within: .seconds(30), "a strong answer") {
                    let read = try await replica.client.get(
                        Kind.agents.whole, headers: Self.strong)
                    #expect(!read.text.contains("future"), "\(read.text)")
                    return read.status == 200 ? read : nil
                }
                #expect(try read.names() == ["changed", "kept"])
                try await eventually(within: .seconds(30), "the past in the cache") {
                    let cached = try await replica.get(Kind.agents.whole)
                    return try cached.cache == "HIT" && cached.names() == ["changed", "kept"]
                }
                #expect(try await replica.get(Kind.agents.entity("lost")).status == 404)
                let refused = try await replica.client.get(
                    Kind.agents.whole,
                    headers: ["X-Catalog-Min-Revision": String(future.revision)])
                #expect(refused.status == 409, "\(refused.text)")
            }
            // Everything works on: writes, the feed, jobs, the audit chain.
            var last = try await put("new", "changed", by: a)
            for number in 0..<5 { last = try await put("new \(number)", "kept", by: b) }
            #expect(last.revision > future.revision)
            for replica in [a, b] {
                try await replica.warm([.agents, .skills])
                try await replica.reach(last.revision)
                #expect(try await !replica.get(Kind.agents.whole).text.contains("future"))
            }
            try await expectSameContent(a, b, [.agents, .skills])
            #expect(try await a.refresh(.skills)["state"] == "succeeded")
            #expect(
                try await a.get("/api/audit/v1alpha1/verify").json()["valid"] == true)
            #expect(try await site.sql("SELECT catalog_digest_holds('default')") == "t")
        }

        @Test("audit events and jobs alone: the chain of what was restored is intact")
        func partly() async throws {
            let site = try await Deployment.make()
            let (a, b) = try await site.twins()
            _ = try await put("past", "one", by: a)
            let dump = "\(site.cluster.folder)/part-\(UInt32.random(in: 0 ... .max)).dump"
            try await site.cluster.tool(
                "pg_dump",
                [
                    "-Fc", "--table=mcp_*", "--table=audit_*", "--table=refresh_*", "-f", dump,
                    site.dsn,
                ])
            for number in 0..<3 { _ = try await put("future \(number)", "one", by: b) }
            let path = "/api/audit/v1alpha1/verify"
            #expect(try await a.get(path).json()["checked"] == 4)
            try await restore(dump, site)
            for replica in [a, b] {
                let verdict = try await replica.get(path).json()
                #expect(verdict["valid"] == true && verdict["checked"] == 1, "\(verdict)")
            }
            // The next events follow the restored ones; the agents were not part of it.
            _ = try await put("next", "one", by: b)
            let verdict = try await a.get(path).json()
            #expect(verdict["valid"] == true && verdict["checked"] == 2, "\(verdict)")
            for replica in [a, b] {
                try await replica.warm([.agents])
                try await eventually("the newest agent") {
                    try await replica.get(Kind.agents.entity("one")).text.contains("next")
                }
            }
        }
    }
}
