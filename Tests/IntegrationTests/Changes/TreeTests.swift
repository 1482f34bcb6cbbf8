import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Replicas that are fed by replicas")
    struct TreeTests {
        private static let kinds: [Kind] = [.agents, .skills]

        /// A replica fed by another one, or by Postgres without one.
        private func replica(
            _ site: Deployment, fedBy upstream: Int? = nil, _ more: [String: String] = [:]
        ) async throws -> Replica {
            var options = site.options()
            options.environment.merge(more) { $1 }
            if let upstream {
                options.environment["CATALOG_UPSTREAM"] = "http://127.0.0.1:\(upstream)/"
            }
            return Replica(server: try await ServerProcess.ready(options), site: site)
        }

        private func chain(_ site: Deployment) async throws -> [Replica] {
            let a = try await replica(site)
            let b = try await replica(site, fedBy: a.server.port)
            return [a, b, try await replica(site, fedBy: b.server.port)]
        }

        private func put(_ name: String, _ text: String, by replica: Replica) async throws
            -> HTTPResponse
        {
            try await replica.write(
                "PUT", Kind.agents.entity(name),
                ["name": .string(name), "category": .string(text)])
        }

        private func bound(of replica: Replica) async throws -> Duration {
            let answer = try await replica.get(Kind.agents.whole)
            return try #require(answer.stalenessBound, "\(answer.status) \(answer.text)")
        }

        @Test("a chain of three shows the same bytes after random writes to each of them")
        func chain() async throws {
            let site = try await Deployment.make()
            let replicas = try await chain(site)
            for kind in Self.kinds {
                try await replicas[0].upsert(
                    kind, (0..<300).map { ["name": .string("seed-\($0)"), "description": "seed"] })
            }
            for replica in replicas { try await replica.warm(Self.kinds) }
            var random = SeededGenerator(seed: TestSettings.seed)
            for round in 0..<120 {
                let replica = replicas[Int.random(in: 0..<3, using: &random)]
                let kind = Self.kinds[Int.random(in: 0..<2, using: &random)]
                let name = "n\(Int.random(in: 0..<20, using: &random))"
                if Int.random(in: 0..<4, using: &random) == 0 {
                    _ = try await replica.send("DELETE", kind.entity(name))
                } else {
                    let answer = try await replica.write(
                        "PUT", kind.entity(name),
                        ["name": .string(name), "description": .string("c\(round)")])
                    // Each replica shows its own write.
                    let read = try await replica.get(kind.entity(name))
                    #expect(read.revision >= answer.revision)
                    #expect(read.text.contains("\"c\(round)\""))
                }
            }
            let head = try await site.head()
            for replica in replicas { try await replica.reach(head) }
            try await expectSameContent(replicas[0], replicas[1], Self.kinds)
            try await expectSameContent(replicas[0], replicas[2], Self.kinds)
            for replica in replicas {
                #expect(replica.count(of: "digest_mismatch") == 0)
                #expect(replica.count(of: "rebuild") == 0)
                let strong = try await replica.client.get(
                    Kind.agents.whole, headers: ["X-Catalog-Consistency": "strong"])
                #expect(strong.revision == head)
            }
            // The feed for clients is the same at each of them.
            var feeds: Set<String> = []
            for replica in replicas {
                let answer = try await replica.get("/api/changes/v1alpha1?from=0&include=body")
                #expect(answer.status == 200, "\(answer.text)")
                feeds.insert(answer.text)
            }
            #expect(feeds.count == 1)
        }

        @Test("without its upstream a replica is honest, and catches up by itself")
        func killed() async throws {
            let site = try await Deployment.make()
            let proxyPort = try await replica(site)
            let port = proxyPort.server.port
            let b = try await replica(site, fedBy: port)
            let c = try await replica(site, fedBy: b.server.port)
            _ = try await put("one", "before", by: b)
            for replica in [b, c] { try await replica.warm([.agents]) }
            try await proxyPort.server.kill()
            let killed = ContinuousClock.now
            let missed = try await site.sql(
                """
                UPDATE entities SET doc = doc || '{"category": "missed"}' WHERE name = 'one'
                RETURNING revision
                """)
            #expect(!missed.isEmpty)
            for replica in [b, c] {
                try await eventually("a bound that grows") {
                    try await bound(of: replica) > .milliseconds(1_500)
                }
                let since = killed.duration(to: .now)
                let answer = try await replica.get(Kind.agents.whole)
                #expect(answer.text.contains("before"))
                // What was committed since is not there, and the bound does not claim it.
                let age = try #require(answer.stalenessBound)
                #expect(age > since - .seconds(1))
                try await eventually("not ready") {
                    try await replica.get("/readyz").status == 503
                }
            }
            // Reads that must not miss anything go around the feed.
            let strong = try await c.client.get(
                Kind.agents.whole, headers: ["X-Catalog-Consistency": "strong"])
            #expect(strong.text.contains("missed"))
            let again = try await replica(
                site, ["CATALOG_LISTEN": "127.0.0.1:\(port)"])
            for replica in [b, c] {
                try await eventually("the missed write") {
                    try await replica.get(Kind.agents.whole).text.contains("missed")
                }
                try await eventually("a small bound") {
                    try await bound(of: replica) < .milliseconds(1_500)
                }
                try await eventually("ready") {
                    try await replica.get("/readyz").status == 200
                }
                try await replica.warm([.agents])
            }
            _ = try await again.get(Kind.agents.whole)
            try await again.warm([.agents])
            let head = try await site.head()
            for replica in [again, b, c] { try await replica.reach(head) }
            try await expectSameContent(again, b, [.agents])
            try await expectSameContent(again, c, [.agents])
        }

        @Test("a stopped upstream makes the bound grow, not lie")
        func paused() async throws {
            let site = try await Deployment.make()
            let a = try await replica(site)
            let b = try await replica(site, fedBy: a.server.port)
            _ = try await put("one", "before", by: b)
            try await b.warm([.agents])
            a.server.pause()
            let paused = ContinuousClock.now
            try await site.sql(
                "UPDATE entities SET doc = doc || '{\"category\": \"missed\"}' WHERE name = 'one'")
            for _ in 0..<40 {
                let since = paused.duration(to: .now)
                let answer = try await b.get(Kind.agents.whole)
                if answer.text.contains("missed") { continue }
                #expect(try #require(answer.stalenessBound) >= since - .milliseconds(600))
                try await Task.sleep(for: .milliseconds(50))
            }
            a.server.resume()
            try await eventually("the missed write") {
                try await b.get(Kind.agents.whole).text.contains("missed")
            }
        }

        @Test("another history of the store goes down the tree")
        func otherHistory() async throws {
            let site = try await Deployment.make()
            let replicas = try await chain(site)
            _ = try await put("one", "first", by: replicas[2])
            for replica in replicas { try await replica.warm([.agents]) }
            let head = try await site.head()
            try await site.sql(
                """
                CREATE TABLE kept AS SELECT * FROM entities WHERE namespace = 'default';
                CREATE TABLE kept_c AS SELECT * FROM collections WHERE namespace = 'default';
                CREATE TABLE kept_h AS SELECT * FROM namespaces WHERE name = 'default'
                """)
            for number in 0..<5 { _ = try await put("one", "lost-\(number)", by: replicas[0]) }
            let lost = try await site.head()
            for replica in replicas { try await replica.reach(lost) }
            try await site.sql(
                """
                ALTER TABLE entities DISABLE TRIGGER USER;
                DELETE FROM entities WHERE namespace = 'default';
                INSERT INTO entities SELECT * FROM kept;
                DELETE FROM collections WHERE namespace = 'default';
                INSERT INTO collections SELECT * FROM kept_c;
                DELETE FROM revision_changes WHERE namespace = 'default' AND revision > \(head);
                DELETE FROM revisions WHERE namespace = 'default' AND revision > \(head);
                UPDATE namespaces n SET revision = k.revision, digest = k.digest, xid = NULL
                    FROM kept_h k WHERE n.name = k.name;
                SELECT catalog_attach_triggers('entities'), catalog_attach_triggers('agents_entities')
                """)
            for replica in replicas {
                try await eventually("the restored state") {
                    let answer = try await replica.get(Kind.agents.whole)
                    return answer.cache == "HIT" && answer.text.contains("first")
                        && answer.revision == head
                }
                #expect(try await replica.get("/api/changes/v1alpha1?from=\(lost)").status == 409)
            }
            _ = try await put("one", "new", by: replicas[2])
            let now = try await site.head()
            for replica in replicas { try await replica.reach(now) }
            try await expectSameContent(replicas[0], replicas[2], [.agents])
        }

        @Test("a loop of replicas is found and refused")
        func loop() async throws {
            let site = try await Deployment.make()
            let a = try await replica(site)
            let b = try await replica(site, fedBy: a.server.port)
            let port = a.server.port
            try await a.server.terminate()
            var options = site.options()
            options.environment["CATALOG_LISTEN"] = "127.0.0.1:\(port)"
            options.environment["CATALOG_UPSTREAM"] = "http://127.0.0.1:\(b.server.port)"
            let looped = Replica(server: try await ServerProcess.start(options), site: site)
            try await eventually("a loop in the state of one of them") {
                let states = [
                    try await looped.get("/readyz").text, try await b.get("/readyz").text,
                ]
                return states.contains { $0.contains("fed by this replica") }
            }
            #expect(try await b.get(Kind.agents.whole).status == 200)
        }

        @Test("only operators see what replicas are fed by")
        func guarded() async throws {
            let site = try await Deployment.make()
            let a = try await replica(site)
            for part in [
                "range?from=0", "log?from=0", "snapshot?plugin=agents&kind=Agent", "signals",
            ] {
                let answer = try await a.get("/api/changes/v1alpha1/replica/\(part)")
                #expect(answer.status == 403, "\(part)")
            }
            let heads = try await a.client.post(
                "/api/changes/v1alpha1/replica/heads", json: ["namespaces": []])
            #expect(heads.status == 403)
        }
    }
}
