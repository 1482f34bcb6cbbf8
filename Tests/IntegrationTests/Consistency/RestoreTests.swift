import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Postgres restored to an earlier state")
    struct RestoreTests {
        /// Keeps the present state of the namespace, which `restore` takes it back to.
        static let backUp = """
            CREATE TABLE kept_entities AS SELECT * FROM entities WHERE namespace = 'default';
            CREATE TABLE kept_collections AS SELECT * FROM collections WHERE namespace = 'default';
            CREATE TABLE kept_head AS SELECT * FROM namespaces WHERE name = 'default'
            """
        static let restore = """
            ALTER TABLE entities DISABLE TRIGGER USER;
            DELETE FROM entities WHERE namespace = 'default';
            INSERT INTO entities SELECT * FROM kept_entities;
            DELETE FROM collections WHERE namespace = 'default';
            INSERT INTO collections SELECT * FROM kept_collections;
            DELETE FROM revision_changes c USING kept_head k
                WHERE c.namespace = k.name AND c.revision > k.revision;
            DELETE FROM revisions r USING kept_head k
                WHERE r.namespace = k.name AND r.revision > k.revision;
            UPDATE namespaces n SET revision = k.revision, digest = k.digest, xid = NULL
                FROM kept_head k WHERE n.name = k.name;
            SELECT catalog_attach_triggers('entities'), catalog_attach_triggers('agents_entities')
            """
        private static let newEpoch =
            "; UPDATE namespaces SET epoch = gen_random_uuid() WHERE name = 'default'"

        private func put(_ text: String, _ name: String, by replica: Replica) async throws
            -> HTTPResponse
        {
            try await replica.write(
                "PUT", Kind.agents.entity(name),
                ["name": .string(name), "category": .string(text)])
        }

        private func token(_ answer: HTTPResponse, epoch: Bool = true) -> [String: String] {
            var headers = ["X-Catalog-Min-Revision": String(answer.revision)]
            if epoch { headers["X-Catalog-Epoch"] = answer.header("X-Catalog-Epoch") }
            return headers
        }

        @Test(
            "tokens of the lost history are refused, and strong reads never show it",
            arguments: [true, false])
        func restore(keepingEpoch: Bool) async throws {
            let site = try await Deployment.make()
            let (a, b) = try await site.twins()
            let kept = try await put("kept", "one", by: a)
            for replica in [a, b] { try await replica.warm([.agents]) }
            try await site.sql(Self.backUp)
            var lost = kept
            for number in 0..<5 { lost = try await put("lost-\(number)", "one", by: a) }
            try await b.reach(lost.revision)
            try await site.sql(Self.restore + (keepingEpoch ? "" : Self.newEpoch))

            // Linearizable from the first request on, whatever the caches hold.
            for replica in [a, b] {
                let read = try await replica.client.get(
                    Kind.agents.whole, headers: ["X-Catalog-Consistency": "strong"])
                #expect(read.status == 200, "\(read.text)")
                #expect(!read.text.contains("lost"))
                #expect(read.revision == kept.revision)
            }
            let epoch = try await site.sql("SELECT epoch FROM namespaces WHERE name = 'default'")
            for replica in [a, b] {
                try await eventually("the restored state") {
                    try await replica.get(Kind.agents.whole).text.contains("kept")
                }
                for headers in [token(lost), token(lost, epoch: false), ["If-Match": lost.tag]] {
                    let refused = try await replica.client.get(Kind.agents.whole, headers: headers)
                    #expect(refused.status == 409, "\(headers)")
                    #expect(refused.header("Cache-Control") == "no-store")
                    let details = try refused.json()["details"]
                    #expect(details?["reason"] == "revision_lost")
                    #expect(details?["revision"]?.stringValue == String(kept.revision))
                    #expect(details?["epoch"]?.stringValue == epoch)
                }
                let revalidated = try await replica.client.get(
                    Kind.agents.whole, headers: ["If-None-Match": lost.tag])
                #expect(revalidated.status == 200 && revalidated.text.contains("kept"))
            }
            // The same numbers again, with other content.
            var last = kept
            for number in 0..<7 { last = try await put("new-\(number)", "one", by: b) }
            #expect(last.revision > lost.revision)
            for replica in [a, b] {
                let read = try await replica.client.get(
                    Kind.agents.whole, headers: token(last))
                #expect(read.text.contains("new-6"))
                let old = try await replica.client.get(
                    Kind.agents.whole, headers: token(lost))
                #expect(old.status == 409)
                #expect(try old.json()["details"]?["reason"] == "revision_lost")
                let good = try await replica.client.get(Kind.agents.whole, headers: token(kept))
                #expect(good.status == (keepingEpoch ? 200 : 409))
            }
        }

        @Test("a strong read tells a revision from a lost one of the same number")
        func sameNumber() async throws {
            let site = try await Deployment.make()
            let replica = try await site.replica()
            _ = try await put("kept", "one", by: replica)
            try await replica.warm([.agents])
            var wasBehind = 0
            var round = 0
            // The rounds that count are those in which the cache still has what is lost.
            while wasBehind < 3, round < 60 {
                round += 1
                try await site.sql(
                    "DROP TABLE IF EXISTS kept_entities, kept_collections, kept_head; "
                        + Self.backUp)
                let lost = try await put("lost-\(round)", "one", by: replica)
                // Nobody notifies; the replica may learn of it by its next poll only.
                try await site.sql(
                    "BEGIN; \(Self.restore); COMMIT; "
                        + "UPDATE entities SET doc = doc || '{\"category\": \"new-\(round)\"}' "
                        + "WHERE namespace = 'default'")
                let before = try await replica.get(Kind.agents.whole)
                let read = try await replica.client.get(
                    Kind.agents.whole, headers: ["X-Catalog-Consistency": "strong"])
                #expect(read.status == 200, "\(read.text)")
                #expect(read.revision == lost.revision)
                #expect(read.text.contains("new-\(round)"))
                // The first word of the primary takes the cache out of service, for all reads.
                let after = try await replica.get(Kind.agents.whole)
                #expect(!after.text.contains("lost"))
                if before.text.contains("lost") {
                    wasBehind += 1
                    let status = read.header("Cache-Status") ?? ""
                    #expect(!status.contains("behind"), "\(status): it was not seen at once")
                }
                try await eventually("the present content in the cache") {
                    let cached = try await replica.get(Kind.agents.whole)
                    return cached.cache == "HIT" && cached.text == read.text
                }
            }
            #expect(wasBehind == 3, "in \(round) rounds the cache still had what was lost")
        }

        @Test("a standby answers no strong read and loses nobody's token")
        func standby() async throws {
            let cluster = try await PostgresCluster.separate()
            let site = try await Deployment.make(cluster: cluster)
            let replica = try await site.replica()
            let written = try await put("kept", "one", by: replica)
            try await replica.warm([.agents])
            try await site.sql("CHECKPOINT")
            try await cluster.becomeStandby()
            let strong = ["X-Catalog-Consistency": "strong"]
            let refused = try await eventually("an answer of the standby") {
                let answer = try await replica.client.get(Kind.agents.whole, headers: strong)
                return answer.text.contains("in_recovery") ? answer : nil
            }
            #expect(refused.status == 503)
            #expect(refused.header("Retry-After") != nil)
            #expect(refused.header("Cache-Control") == "no-store")
            // A standby may merely not have it yet.
            let ahead = try await replica.client.get(
                Kind.agents.whole,
                headers: ["X-Catalog-Min-Revision": String(written.revision + 1)])
            #expect(ahead.status == 503)
            #expect(try await replica.get(Kind.agents.whole).status == 200)
            try await cluster.promote()
            try await eventually("a strong answer of the promoted server") {
                try await replica.client.get(Kind.agents.whole, headers: strong).status == 200
            }
        }
    }
}
