import CatalogModel
import Synchronization
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("A random workload")
    struct RandomWorkloadTests {
        private static let kinds: [Kind] = [.agents, .skills, .policies, .mcpServers]

        @Test("leaves both replicas and Postgres with the same bytes")
        func equality() async throws {
            print("seed \(TestSettings.seed)")
            let site = try await Deployment.make()
            let (a, b) = try await site.twins()
            for kind in Kind.all { try await seed(kind, on: site) }
            try await a.warm(Kind.all)
            try await b.warm(Kind.all)
            let seen = SeenBodies()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await requests(150, on: a, seed: TestSettings.seed) }
                group.addTask { try await requests(150, on: b, seed: TestSettings.seed &+ 1) }
                group.addTask { try await statements(40, on: site, seed: TestSettings.seed &+ 2) }
                for replica in [a, b] {
                    group.addTask { try await read(80, on: replica, seen) }
                }
                try await group.waitForAll()
            }
            let head = try await site.head()
            try await a.reach(head)
            try await b.reach(head)
            try await expectSameContent(a, b, Kind.all)
            for replica in [a, b] {
                #expect(replica.count(of: "digest_mismatch") == 0)
                #expect(replica.count(of: "rebuild") == 0)
                #expect(replica.count(of: "request_failed") == 0)
            }
        }

        private func seed(_ kind: Kind, on site: Deployment) async throws {
            try await site.sql(
                """
                INSERT INTO entities (plugin, kind, source, name, doc)
                SELECT '\(kind.plugin)', '\(kind.kind)', 'seed', 'seed-' || n,
                    jsonb_build_object('name', 'seed-' || n, 'description', 'd' || n)
                FROM generate_series(1, 5) n
                """)
        }

        /// Random writes over HTTP; what is refused is refused for a reason of the contract.
        private func requests(_ count: Int, on replica: Replica, seed: UInt64) async throws {
            var random = SeededGenerator(seed: seed)
            for round in 0..<count {
                guard let kind = Self.kinds.randomElement(using: &random) else { return }
                let name = "n\(Int.random(in: 0..<15, using: &random))"
                let path = kind.entity(name)
                let answer: HTTPResponse
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<4:
                    answer = try await replica.send("PUT", path, document(kind, name, round))
                case 4..<6:
                    answer = try await replica.send("POST", kind.list, document(kind, name, round))
                case 6:
                    answer = try await replica.send(
                        "PATCH", path, ["description": .string("patched in \(round)")])
                case 7, 8:
                    answer = try await replica.send("DELETE", path)
                default:
                    let items = (0..<6).map { document(kind, "n\($0)", round) }
                    answer = try await replica.send(
                        "POST", "\(kind.list):batch", ["items": .array(items)])
                }
                #expect([200, 201, 204, 404, 409].contains(answer.status), "\(answer.text)")
            }
        }

        /// Lists while others write: time never goes back, and a tag stands for one body.
        private func read(_ count: Int, on replica: Replica, _ seen: SeenBodies) async throws {
            var newest: UInt64 = 0
            for round in 0..<count {
                let kind = Self.kinds[round % Self.kinds.count]
                let list = try await replica.get(kind.whole)
                #expect(list.cache == "HIT")
                #expect(list.revision >= newest)
                newest = list.revision
                #expect(seen.agrees(list.text, with: "\(kind.plural) \(list.tag)"))
            }
        }

        private func document(_ kind: Kind, _ name: String, _ round: Int) -> JSONValue {
            var object: JSONObject = [
                "name": .string(name),
                "description": .string("round \(round) of \"\(name)\" – ü"),
            ]
            if kind == .mcpServers { object["deploymentMode"] = "local" }
            return .object(object)
        }

        /// Random statements by psql over the same entities and others.
        private func statements(_ count: Int, on site: Deployment, seed: UInt64) async throws {
            var random = SeededGenerator(seed: seed)
            for round in 0..<count {
                guard let kind = Self.kinds.randomElement(using: &random) else { return }
                let name = "n\(Int.random(in: 0..<15, using: &random))"
                let source = Bool.random(using: &random) ? "api" : "sql"
                let more = kind == .mcpServers ? ", \"deploymentMode\": \"local\"" : ""
                let identity = "plugin = '\(kind.plugin)' AND kind = '\(kind.kind)'"
                let statement =
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0, 1:
                        """
                        INSERT INTO entities (plugin, kind, source, name, doc) VALUES
                        ('\(kind.plugin)', '\(kind.kind)', '\(source)', '\(name)',
                        '{"name": "\(name)", "description": "sql \(round)"\(more)}')
                        ON CONFLICT (namespace, plugin, kind, source, name)
                        DO UPDATE SET doc = EXCLUDED.doc
                        """
                    case 2:
                        "UPDATE entities SET doc = doc || '{\"description\": \"all \(round)\"}' "
                            + "WHERE \(identity) AND name = '\(name)'"
                    default:
                        "DELETE FROM entities WHERE \(identity) AND source = 'sql'"
                    }
                // Without the lock first, a statement may deadlock with others and be refused.
                try await site.sql("SELECT catalog_lock('default'); \(statement)")
            }
        }
    }
}

/// The bodies that replicas gave under each entity tag.
private final class SeenBodies: Sendable {
    private let bodies = Mutex<[String: String]>([:])

    /// Whether the body is the one that was seen with the tag before, if there was one.
    func agrees(_ body: String, with tag: String) -> Bool {
        bodies.withLock { bodies in
            let known = bodies[tag] ?? body
            bodies[tag] = known
            return known == body
        }
    }
}
