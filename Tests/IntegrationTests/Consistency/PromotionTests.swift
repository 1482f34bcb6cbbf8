import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("A standby that lagged, promoted and written to past the lost numbers")
    struct PromotionTests {
        /// A primary with a standby, and replicas whose way to Postgres can be led elsewhere.
        private struct Site {
            let primary: PostgresCluster
            let standby: PostgresCluster
            let database: String
            /// From the standby to the primary.
            let link: TCPProxy
            /// From the replicas to Postgres.
            let way: TCPProxy
            /// The last is fed by the first.
            let replicas: [Replica]

            static func make() async throws -> Site {
                let primary = try await PostgresCluster.separate()
                let site = try await Deployment.make(
                    environment: NamespaceTests.environment, cluster: primary)
                let name = site.dsn.split(separator: " ").first { $0.hasPrefix("dbname=") }
                let database = String(name?.dropFirst(7) ?? "")
                // A commit has to last here, unlike in other tests.
                try await primary.sql("ALTER DATABASE \"\(database)\" SET synchronous_commit = on")
                let way = try await TCPProxy.start(to: .path(primary.socketPath))
                let link = try await TCPProxy.start(to: .path(primary.socketPath))
                var options = site.options()
                options.dsn = "host=127.0.0.1 port=\(way.port) dbname=\(database) user=postgres"
                var replicas: [Replica] = []
                for number in 0..<4 {
                    if number == 3 {
                        options.environment["CATALOG_UPSTREAM"] =
                            "http://127.0.0.1:\(replicas[0].server.port)/"
                    }
                    let server = try await ServerProcess.ready(options)
                    replicas.append(Replica(server: server, site: site))
                }
                return Site(
                    primary: primary, standby: try await PostgresCluster.standby(ofPort: link.port),
                    database: database, link: link, way: way, replicas: replicas)
            }

            /// The standby stays at what it has; returns once it has a revision.
            func loseStandby(after revision: UInt64) async throws {
                try await eventually("the standby at revision \(revision)") {
                    let text = try await standby.sql(
                        "SELECT min(revision) FROM namespaces WHERE name IN ('alpha', 'beta')",
                        database: database)
                    return UInt64(text) == revision
                }
                link.mode = .blackhole
                link.cut()
            }

            /// Goes on with the standby in the primary's place.
            func promote() async throws {
                try await primary.stop()
                way.mode = .refuse
                way.cut()
                try await standby.promote()
                way.redirect(to: .path(standby.socketPath))
                way.mode = .pass
            }
        }

        private static let changes = "/api/changes/v1alpha1"

        /// Writes until it is done: connections to the lost server may be left.
        @discardableResult
        private func put(
            _ text: String, by replica: Replica, in namespace: String = "alpha"
        ) async throws -> HTTPResponse {
            try await eventually("a write") {
                let answer = try await replica.send(
                    "PUT", Kind.agents.entity("one"), ["name": "one", "category": .string(text)],
                    in: namespace)
                return answer.status < 300 ? answer : nil
            }
        }

        private func token(_ answer: HTTPResponse) -> [String: String] {
            [
                "X-Catalog-Min-Revision": String(answer.revision),
                "X-Catalog-Epoch": answer.header("X-Catalog-Epoch") ?? "",
            ]
        }

        private func read(
            _ replica: Replica, _ headers: [String: String] = [:], in namespace: String = "alpha"
        ) async throws -> HTTPResponse {
            try await replica.client.get(
                Kind.agents.whole, headers: headers.merging(["X-Namespace": namespace]) { $1 })
        }

        /// The place after a revision in the change log, as an answer names it.
        private func place(_ answer: HTTPResponse, on replica: Replica) async throws -> String {
            let revision = answer.revision
            return try await eventually("the place after \(revision)") {
                let page = try await replica.get(
                    "\(Self.changes)?from=\(revision - 1)", in: "alpha")
                let cursor = try page.json()["cursor"]?.stringValue
                return cursor?.contains(":\(revision):") == true ? cursor : nil
            }
        }

        private func expectRefused(
            _ answer: HTTPResponse, _ what: String, _ location: SourceLocation = #_sourceLocation
        ) throws {
            #expect(answer.status == 409, "\(what)", sourceLocation: location)
            let details = try answer.json()["details"]
            #expect(details?["reason"] == "revision_lost", "\(what)", sourceLocation: location)
            #expect(details?["next"] == "drop_token", "\(what)", sourceLocation: location)
        }

        private func rebuilt(_ replica: Replica) -> [String] {
            replica.server.logLines.filter {
                $0.value(at: "metadata.event")?.stringValue == "rebuild"
            }.compactMap { $0.value(at: "metadata.namespace")?.stringValue }
        }

        @Test("lost tokens stay refused, kept ones stay good, only what differs is rebuilt")
        func promoted() async throws {
            let site = try await Site.make()
            let replicas = site.replicas
            let kept = try await put("kept", by: replicas[0])
            let beta = try await put("kept", by: replicas[0], in: "beta")
            for replica in replicas {
                for namespace in NamespaceTests.names {
                    try await replica.warm([.agents], in: namespace)
                }
            }
            let keptPlace = try await place(kept, on: replicas[0])
            #expect(kept.revision == beta.revision)
            try await site.loseStandby(after: kept.revision)
            var lost: [HTTPResponse] = []
            for number in 0..<8 {
                lost.append(try await put("lost-\(number)", by: replicas[number % 4]))
            }
            let last = try #require(lost.last)
            for replica in replicas { try await replica.reach(last.revision, in: "alpha") }
            let lostPlace = try await place(last, on: replicas[0])
            try await site.promote()

            for replica in replicas {
                try await eventually("first contact") {
                    let strong = ["X-Catalog-Consistency": "strong"]
                    let answer = try await read(replica, strong)
                    #expect(!answer.text.contains("lost"))
                    return answer.status == 200
                }
            }
            // The same numbers again, and beyond.
            var made: [HTTPResponse] = []
            for number in 0..<12 {
                made.append(try await put("new-\(number)", by: replicas[number % 4]))
                #expect(made.last?.revision == kept.revision + UInt64(number) + 1)
                for answer in lost {
                    try expectRefused(
                        try await read(replicas[number % 4], token(answer)),
                        "\(answer.revision) at \(number)")
                }
            }
            try await put("new", by: replicas[1], in: "beta")
            for replica in replicas {
                try await replica.reach(kept.revision + 12, in: "alpha")
                try await replica.reach(beta.revision + 1, in: "beta")
                try await expectTokens(
                    on: replica, lost: lost, kept: kept, beta: beta, made: made)
                try expectRefused(
                    try await replica.get("\(Self.changes)?from=\(lostPlace)", in: "alpha"),
                    "the place \(lostPlace)")
                try await expectChanges(from: keptPlace, after: kept.revision, on: replica)
            }

            // A restart gives another epoch too, and loses nothing.
            try await site.standby.stopInOrder()
            try await site.standby.start()
            made.append(try await put("later", by: replicas[2]))
            try await put("later", by: replicas[2], in: "beta")
            #expect(
                made.last?.header("X-Catalog-Epoch") != made.first?.header("X-Catalog-Epoch"))
            for replica in replicas {
                try await replica.reach(kept.revision + 13, in: "alpha")
                try await replica.reach(beta.revision + 2, in: "beta")
                try await expectTokens(
                    on: replica, lost: lost, kept: kept, beta: beta, made: made)
                #expect(rebuilt(replica) == ["alpha"])
            }
            try await expectSameContent(replicas[0], replicas[3], [.agents], in: "alpha")
            try await expectSameContent(replicas[1], replicas[2], [.agents], in: "beta")
        }

        private func expectTokens(
            on replica: Replica, lost: [HTTPResponse], kept: HTTPResponse, beta: HTTPResponse,
            made: [HTTPResponse]
        ) async throws {
            for answer in lost {
                let strong = ["X-Catalog-Consistency": "strong"]
                for more in [[:], strong, ["Cache-Control": "no-cache"]] {
                    let headers = token(answer).merging(more) { $1 }
                    try expectRefused(try await read(replica, headers), "\(headers)")
                }
            }
            for answer in made + [kept] {
                let good = try await read(replica, token(answer))
                #expect(good.status == 200 && good.cache == "HIT", "\(answer.revision)")
                #expect(good.header("Cache-Status")?.contains("detail") == false)
            }
            let good = try await read(replica, token(beta), in: "beta")
            #expect(good.status == 200 && good.cache == "HIT")
            #expect(good.header("X-Catalog-Epoch") != beta.header("X-Catalog-Epoch"))
        }

        private func expectChanges(
            from place: String, after revision: UInt64, on replica: Replica
        ) async throws {
            let page = try await replica.get("\(Self.changes)?from=\(place)", in: "alpha")
            #expect(page.status == 200, "\(page.text)")
            let revisions = try page.json()["changes"]?.arrayValue?.map { $0["revision"]?.intValue }
            #expect(revisions == (1...12).map { Int64(revision) + $0 })
        }
    }
}
