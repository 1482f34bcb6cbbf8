import TestSupport
import Testing

@Suite("Authorization as it is counted", .turns, .timeLimit(.minutes(5)))
struct AuthorizationMetricsContractTests {
    private static let list = "\(Catalog.agents.base)/management/sources"

    @Test("decisions are counted by outcome and by whether somebody was asked")
    func decisions() async throws {
        let guarded = try await Guarded.start()
        guarded.cluster.allow(user: "alice", ["list"], on: ["catalogsources"], in: "team-a")
        func count(_ outcome: String, _ source: String) async throws -> Double? {
            try await guarded.server.metric(
                "catalog_authorization_decisions_total", ["outcome": outcome, "source": source])
        }
        #expect(try await count("allowed", "cluster") == 0)
        for _ in 0..<3 {
            #expect(try await guarded.send("GET", Self.list, as: "alice").status == 200)
            #expect(try await guarded.send("GET", Self.list, as: "eve").status == 403)
            #expect(try await guarded.send("GET", Self.list, as: nil).status == 403)
            #expect(try await guarded.send("GET", "/api/nothing", as: "alice").status == 403)
        }
        #expect(try await count("allowed", "cluster") == 1)
        #expect(try await count("allowed", "cache") == 2)
        #expect(try await count("denied", "cluster") == 1)
        #expect(try await count("denied", "cache") == 2)
        #expect(try await count("error", "cluster") == 0)
        guarded.cluster.set(.status(500), on: "subjectaccessreviews")
        #expect(try await guarded.send("GET", Self.list, as: "bob").status == 500)
        #expect(try await count("error", "cluster") == 1)
        guarded.cluster.clearFaults()
        // Hits of the fast lane count too, in one way or the other.
        guarded.cluster.allow(user: "alice", ["list"], on: ["assets"], in: "team-a")
        let before = try #require(try await count("allowed", "cache"))
        for _ in 0..<20 {
            let path = "\(Catalog.agents.list)?pageSize=1"
            #expect(try await guarded.send("GET", path, as: "alice").status == 200)
        }
        #expect(try await count("allowed", "cache") ?? 0 >= before + 19)
        #expect(try await count("denied", "rule") ?? 0 >= 3)
        _ = try await guarded.server.terminate()
    }
}
