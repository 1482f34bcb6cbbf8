import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Postgres away, by the policy of the namespace")
    struct DegradedTests {
        private static let open = "team-open"
        private static let closed = "team-closed"
        private static let environment = [
            "CATALOG_TENANCY_MODE": "namespace", "CATALOG_FAIL_CLOSED_NAMESPACES": closed,
            "CATALOG_STALENESS_LIMIT_MS": "600", "CATALOG_STALENESS_MAX_MS": "4000",
        ]

        private func get(
            _ replica: Replica, _ namespace: String, _ headers: [String: String] = [:]
        ) async throws -> HTTPResponse {
            try await replica.client.get(
                Kind.agents.whole, headers: headers.merging(["X-Namespace": namespace]) { $1 })
        }

        private func expectRefused(
            _ answer: HTTPResponse, code: String, _ location: SourceLocation = #_sourceLocation
        ) {
            #expect(answer.status == 503, "\(answer.text)", sourceLocation: location)
            #expect(answer.header("X-Catalog-Error") == code, sourceLocation: location)
            #expect(answer.header("Retry-After") != nil, sourceLocation: location)
            #expect(answer.header("Cache-Control") == "no-store", sourceLocation: location)
        }

        @Test("strict readers are refused, the others served with a label up to the bound")
        func outage() async throws {
            let cluster = try await PostgresCluster.separate()
            let site = try await Deployment.make(environment: Self.environment, cluster: cluster)
            let replica = try await site.replica()
            for namespace in [Self.open, Self.closed] {
                try await replica.write("POST", Kind.agents.list, ["name": "one"], in: namespace)
                try await replica.warm([.agents], in: namespace)
            }
            let before = try await get(replica, Self.open)
            try await site.sql("CHECKPOINT")
            try await cluster.stop()
            let stopped = ContinuousClock.now

            // Whoever asks for more than there is cannot be served from the first moment on.
            let ahead = ["X-Catalog-Min-Revision": String(before.revision + 1)]
            let strong = ["X-Catalog-Consistency": "strong"]
            for namespace in [Self.open, Self.closed] {
                expectRefused(try await get(replica, namespace, strong), code: "unavailable")
                expectRefused(try await get(replica, namespace, ahead), code: "unavailable")
            }
            let stale = try await eventually("a stale answer") {
                let answer = try await get(replica, Self.open)
                return answer.cache == "STALE" ? answer : nil
            }
            #expect(stale.content == before.content)
            #expect(stale.header("Cache-Status") == "catalog; hit; detail=feed-lost")
            let refused = try await eventually("a refusal") {
                let answer = try await get(replica, Self.closed)
                return answer.status == 503 ? answer : nil
            }
            expectRefused(refused, code: "stale")
            #expect(try refused.json()["details"]?["reason"] == "feed-lost")
            expectRefused(
                try await get(replica, Self.open, ["Cache-Control": "max-age=0"]), code: "stale")
            let had = ["X-Catalog-Min-Revision": String(before.revision)]
            #expect(try await get(replica, Self.open, had).cache == "STALE")
            let why = try await replica.get("\(Kind.agents.list)?explain=cache", in: Self.open)
            #expect(try why.json()["outcome"] == "STALE")
            #expect(try why.json()["actor"] == .null)

            try await eventually("the end of the bound") {
                let asked = ContinuousClock.now
                let answer = try await get(replica, Self.open)
                guard answer.status == 200 else { return true }
                let bound = try #require(answer.stalenessBound)
                #expect(bound <= .milliseconds(4_001))
                #expect(bound >= stopped.duration(to: asked))
                return false
            }
            expectRefused(try await get(replica, Self.open), code: "stale")
            // The operator's bound holds whatever the client would accept.
            expectRefused(
                try await get(replica, Self.open, ["Cache-Control": "max-stale"]), code: "stale")

            try await cluster.start()
            for namespace in [Self.open, Self.closed] {
                try await eventually("a hit in \(namespace)") {
                    try await get(replica, namespace).cache == "HIT"
                }
                #expect(try await get(replica, namespace, strong).status == 200)
            }
        }

        @Test("a whole replica can fail closed")
        func failClosed() async throws {
            let cluster = try await PostgresCluster.separate()
            let site = try await Deployment.make(
                environment: [
                    "CATALOG_DEGRADED_POLICY": "fail-closed", "CATALOG_STALENESS_LIMIT_MS": "300",
                ], cluster: cluster)
            let replica = try await site.replica()
            try await replica.write("POST", Kind.agents.list, ["name": "one"])
            try await replica.warm([.agents])
            try await cluster.stop()
            let refused = try await eventually("a refusal") {
                let answer = try await replica.get(Kind.agents.whole)
                #expect(["HIT", ""].contains(answer.cache))
                return answer.status == 503 ? answer : nil
            }
            expectRefused(refused, code: "stale")
        }
    }
}
