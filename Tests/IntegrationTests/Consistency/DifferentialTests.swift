import CatalogModel
import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("The cache against SQL, request by request")
    struct DifferentialTests {
        /// What has to differ between two answers of the same content, or may.
        private static let ownHeaders: Set<String> = [
            "date", "x-cache", "cache-status", "x-staleness-bound", "x-request-id", "connection",
        ]
        /// How many requests are compared; CATALOG_DIFFERENTIAL_REQUESTS asks for more.
        private static var requests: Int {
            ProcessInfo.processInfo.environment["CATALOG_DIFFERENTIAL_REQUESTS"]
                .flatMap { Int($0) } ?? 400
        }

        private struct Counts {
            var compared = 0
            var statuses: [Int: Int] = [:]
            var pages = 0
        }

        @Test("answers the same bytes and headers at the same revision, while others write")
        func sameBytes() async throws {
            print("seed \(TestSettings.seed)")
            let site = try await Deployment.make()
            let replica = Replica(
                server: try await ServerProcess.ready(
                    site.options(sources: ServerFiles.sampleSources)), site: site)
            for kind in Kind.all { try await seed(kind, on: site) }
            try await replica.warm(Kind.all)
            var names: [Kind: [String]] = [:]
            for kind in Kind.all { names[kind] = try await replica.names(of: kind) }
            var random = SeededGenerator(seed: TestSettings.seed)
            var counts = Counts()
            var tag: String?
            for number in 0..<Self.requests {
                let read = RandomRead(&random, kinds: Kind.all, names: names, tag: tag)
                let writes = number % 3 == 0
                let write = random.next()
                async let written: Void = writes ? self.write(write, on: replica) : ()
                tag = try await compare(read, number, on: replica, &counts) ?? tag
                try await written
            }
            print(
                "\(counts.compared) of \(Self.requests) requests and \(counts.pages) further pages "
                    + "compared at equal revisions: \(counts.statuses)")
            #expect(counts.compared >= Self.requests * 9 / 10)
            #expect(counts.statuses[200] ?? 0 > Self.requests / 3)
            #expect(counts.statuses[304] ?? 0 > 0)
            #expect(counts.statuses[404] ?? 0 > 0)
            #expect(replica.count(of: "digest_mismatch") == 0)
            #expect(replica.count(of: "request_failed") == 0)
        }

        /// Compares one request and the page behind its answer; returns the answer's tag.
        private func compare(
            _ read: RandomRead, _ number: Int, on replica: Replica, _ counts: inout Counts
        ) async throws -> String? {
            let place = Comment("seed \(TestSettings.seed), request \(number): \(read.target)")
            guard let answer = try await pair(read.target, read.headers, on: replica, place) else {
                return nil
            }
            counts.compared += 1
            counts.statuses[answer.status, default: 0] += 1
            if answer.status == 200,
                let next = RandomRead.next(
                    after: read.target, try answer.json(), of: read.kind),
                try await pair(next, [:], on: replica, place) != nil
            {
                counts.pages += 1
            }
            return answer.tag.isEmpty ? nil : answer.tag
        }

        /// Asks the cache and the store until both show the same revision; nil if they never do.
        private func pair(
            _ target: String, _ headers: [String: String], on replica: Replica, _ place: Comment
        ) async throws -> HTTPResponse? {
            for _ in 0..<10 {
                let cached = try await replica.client.get(target, headers: headers)
                let stored = try await replica.client.get(
                    target, headers: headers.merging(["Cache-Control": "no-cache"]) { $1 })
                // What is refused before any read has neither outcome nor revision.
                if cached.header("X-Cache") == nil, stored.header("X-Cache") == nil {
                    #expect(described(cached) == described(stored), place)
                    return cached
                }
                // A tag of a newer revision than the cache's is answered by Postgres, at its latest.
                guard cached.cache == "HIT", cached.revision == stored.revision,
                    cached.header("X-Catalog-Epoch") == stored.header("X-Catalog-Epoch")
                else { continue }
                #expect(stored.cache == "BYPASS", place)
                #expect(described(cached) == described(stored), place)
                return cached
            }
            return nil
        }

        /// Status, headers that speak of the content, and the bytes.
        private func described(_ answer: HTTPResponse) -> [String] {
            let headers = answer.fields.filter { !Self.ownHeaders.contains($0.name.lowercased()) }
            return [String(answer.status), answer.text]
                + headers.map { "\($0.name.lowercased()): \($0.value)" }.sorted()
        }

        private func seed(_ kind: Kind, on site: Deployment) async throws {
            try await site.sql(
                """
                INSERT INTO entities (plugin, kind, source, name, doc)
                SELECT '\(kind.plugin)', '\(kind.kind)', 'seed', 'seed-' || n,
                    jsonb_build_object('name', 'seed-' || n, 'description', 'd' || n % 3,
                        'version', (n % 4)::text, 'license', (ARRAY['mit', 'apache-2.0'])[1 + n % 2],
                        'deploymentMode', 'local', 'toolCount', n, 'author', chr(97 + n % 5))
                FROM generate_series(1, 12) n
                """)
        }

        /// Creates, changes or removes an entity of some kind.
        private func write(_ number: UInt64, on replica: Replica) async throws {
            let kind = Kind.all[Int(number % UInt64(Kind.all.count))]
            let name = "w\(number / 8 % 6)"
            if number / 64 % 4 == 0 {
                _ = try await replica.send("DELETE", kind.entity(name))
                return
            }
            var object = JSONObject()
            object["name"] = .string(name)
            object["description"] = .string("round \(number)")
            if kind == .mcpServers { object["deploymentMode"] = "local" }
            try await replica.write("PUT", kind.entity(name), .object(object))
        }
    }
}
