import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Postgres restored from a base backup")
    struct BaseBackupTests {
        private static let strong = ["X-Catalog-Consistency": "strong"]

        private func put(
            _ text: String, by replica: Replica, in namespace: String
        ) async throws -> HTTPResponse {
            try await replica.write(
                "PUT", Kind.agents.entity("one"), ["name": "one", "category": .string(text)],
                in: namespace)
        }

        private func read(
            _ replica: Replica, _ headers: [String: String] = [:]
        ) async throws -> HTTPResponse {
            try await replica.client.get(
                Kind.agents.whole, headers: headers.merging(["X-Namespace": "alpha"]) { $1 })
        }

        @Test("what was lost is not shown after first contact; only what differs is rebuilt")
        func restored() async throws {
            let cluster = try await PostgresCluster.separate()
            let site = try await Deployment.make(
                environment: NamespaceTests.environment, cluster: cluster)
            let (a, b) = try await site.twins()
            var kept: HTTPResponse?
            for namespace in NamespaceTests.names {
                kept = try await put("kept", by: a, in: namespace)
                for replica in [a, b] { try await replica.warm([.agents], in: namespace) }
            }
            let first = try #require(kept).revision
            let epoch = try await read(a).header("X-Catalog-Epoch") ?? ""
            let backup = try await cluster.backUp()
            var lost: HTTPResponse?
            for number in 0..<100 {
                lost = try await put("lost-\(number)", by: [a, b][number % 2], in: "alpha")
            }
            let future = try #require(lost)
            for replica in [a, b] { try await replica.reach(future.revision, in: "alpha") }
            try await cluster.restore(backup)

            let token = [
                "X-Catalog-Min-Revision": String(future.revision),
                "X-Catalog-Epoch": try #require(future.header("X-Catalog-Epoch")),
            ]
            for replica in [a, b] {
                try await eventually("first contact") {
                    let answer = try await read(replica, Self.strong)
                    #expect(!answer.text.contains("lost"))
                    return answer.status == 200
                }
                try await expectRefused(replica, token)
                try await expectRefused(replica, ["If-Match": future.tag])
                let revalidated = try await read(replica, ["If-None-Match": future.tag])
                #expect(revalidated.status == 200 && revalidated.text.contains("kept"))
                try await eventually("the restored state") {
                    try await read(replica).text.contains("kept")
                }
            }
            try await writeUntil(future.revision, from: first, a, b)
            // The numbers are there again, and the tokens as lost as before.
            for replica in [a, b] {
                try await expectRefused(replica, token)
                let good = [
                    "X-Catalog-Min-Revision": String(first), "X-Catalog-Epoch": epoch,
                ]
                #expect(try await read(replica, good).status == 200)
            }
            try await expectEnd(of: site, a, b)
        }

        private func expectRefused(
            _ replica: Replica, _ token: [String: String],
            _ location: SourceLocation = #_sourceLocation
        ) async throws {
            let refused = try await read(replica, token)
            #expect(refused.status == 409, "\(token)", sourceLocation: location)
            #expect(refused.header("Cache-Control") == "no-store", sourceLocation: location)
            #expect(
                try refused.json()["details"]?["reason"] == "revision_lost",
                sourceLocation: location)
        }

        /// Other writes up to the numbers that were lost and beyond, under readers of both replicas.
        private func writeUntil(
            _ last: UInt64, from first: UInt64, _ a: Replica, _ b: Replica
        ) async throws {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for replica in [a, b] {
                    group.addTask {
                        var reads = 0
                        while !Task.isCancelled {
                            let answer = try await read(replica)
                            #expect(!answer.text.contains("lost"), "\(answer.revision)")
                            reads += 1
                        }
                        return reads
                    }
                }
                for number in first..<(last + 5) {
                    let written = try await put(
                        "new-\(number)", by: [a, b][Int(number % 2)], in: "alpha")
                    #expect(written.revision == number + 1)
                }
                group.cancelAll()
                for try await reads in group { #expect(reads > 0) }
            }
        }

        private func expectEnd(of site: Deployment, _ a: Replica, _ b: Replica) async throws {
            let head = try await site.head(of: "alpha")
            for replica in [a, b] {
                try await replica.reach(head, in: "alpha")
                let rebuilt = replica.server.logLines.filter {
                    $0.value(at: "metadata.event")?.stringValue == "rebuild"
                }.compactMap { $0.value(at: "metadata.namespace")?.stringValue }
                #expect(Set(rebuilt) == ["alpha"])
            }
            for namespace in NamespaceTests.names {
                try await expectSameContent(a, b, [.agents], in: namespace)
            }
        }
    }
}
