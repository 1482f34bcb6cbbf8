import CatalogModel
import TestSupport
import Testing

@Suite("Consistency by request", .turns, .timeLimit(.minutes(5)))
struct ConsistencyContractTests {
    private static let list = Catalog.agents.list
    private static let path = "\(list)/one"
    private static let otherEpoch = "00000000-0000-4000-8000-000000000000"

    /// A namespace with one agent that is in the cache, and the answer to its creation.
    private func tenant() async throws -> (Tenant, HTTPResponse) {
        let tenant = try await Tenant.fresh()
        let created = try await tenant.post(
            Self.list, ["name": "one"], ["X-Request-ID": "request-of-one"])
        try #require(created.status == 201)
        _ = try await tenant.client.hit(Self.list, headers: tenant.headers())
        return (tenant, created)
    }

    private func expectLost(
        _ answer: HTTPResponse, _ head: HTTPResponse, _ location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(answer.status == 409, "\(answer.text)", sourceLocation: location)
        #expect(answer.header("Cache-Control") == "no-store", sourceLocation: location)
        #expect(answer.header("X-Catalog-Error") == "conflict", sourceLocation: location)
        let details = try answer.body("details")
        #expect(details?["reason"] == "revision_lost", sourceLocation: location)
        #expect(details?["next"] == "drop_token", sourceLocation: location)
        #expect(
            details?["epoch"]?.stringValue == head.header("X-Catalog-Epoch"),
            sourceLocation: location)
        #expect(
            details?["revision"]?.stringValue == head.header("X-Catalog-Revision"),
            sourceLocation: location)
    }

    @Test("every read and write names the history and how old it can be")
    func headers() async throws {
        let (tenant, created) = try await tenant()
        let epoch = try #require(created.header("X-Catalog-Epoch"))
        #expect(epoch.utf8.count == 36)
        let tag = try #require(created.header("ETag"))
        let reads: [(String, [String: String], Int)] = [
            (Self.list, [:], 200), (Self.path, [:], 200), ("\(Self.list)/none", [:], 404),
            (Self.path, ["If-None-Match": tag], 304),
            (Self.path, ["Cache-Control": "no-cache"], 200),
            (Self.path, ["X-Catalog-Consistency": "strong"], 200),
            ("\(Self.list)/none", ["X-Catalog-Consistency": "strong"], 404),
            (Self.path, ["Cache-Control": "max-age=0"], 200),
            ("\(Self.list)?explain=cache", [:], 200), (Catalog.skills.list, [:], 200),
        ]
        for (target, headers, status) in reads {
            let answer = try await tenant.get(target, headers)
            #expect(answer.status == status, "\(target) \(headers)")
            #expect(answer.header("X-Catalog-Epoch") == epoch, "\(target) \(headers)")
            #expect(answer.header("X-Catalog-Revision") == "1", "\(target) \(headers)")
            #expect(answer.header("X-Staleness-Bound").flatMap { Int($0) } != nil)
        }
    }

    @Test("a revision that the replica has is answered from the cache")
    func reachedRevision() async throws {
        let (tenant, created) = try await tenant()
        let epoch = try #require(created.header("X-Catalog-Epoch"))
        for headers in [
            ["X-Catalog-Min-Revision": "0"], ["X-Catalog-Min-Revision": "1"],
            ["X-Catalog-Min-Revision": "1", "X-Catalog-Epoch": epoch],
            ["X-Catalog-Epoch": epoch.uppercased()], ["X-Catalog-Consistency": "eventual"],
        ] {
            let answer = try await tenant.get(Self.path, headers)
            #expect(answer.status == 200, "\(headers)")
            #expect(answer.header("X-Cache") == "HIT", "\(headers)")
        }
    }

    @Test("a revision that the store does not have is lost, whatever names it")
    func lostRevision() async throws {
        let (tenant, created) = try await tenant()
        let epoch = try #require(created.header("X-Catalog-Epoch"))
        for headers in [
            ["X-Catalog-Min-Revision": "2"], ["X-Catalog-Min-Revision": "18446744073709551615"],
            ["X-Catalog-Min-Revision": "2", "X-Catalog-Epoch": epoch],
            ["X-Catalog-Min-Revision": "1", "X-Catalog-Epoch": Self.otherEpoch],
            ["X-Catalog-Epoch": Self.otherEpoch],
            ["If-Match": "\"7-0000000000000001\""],
            ["If-None-Match": "\"7-0000000000000001\"", "X-Catalog-Epoch": epoch],
            ["X-Catalog-Min-Revision": "2", "Cache-Control": "no-cache"],
            ["X-Catalog-Min-Revision": "2", "X-Catalog-Consistency": "strong"],
        ] {
            for target in [Self.path, Self.list, Catalog.skills.list] {
                try expectLost(try await tenant.get(target, headers), created)
            }
        }
        // Nothing sticks: without the token all is as before.
        #expect(try await tenant.get(Self.path).header("X-Cache") == "HIT")
    }

    @Test("what revalidates by a lost tag gets a full answer: no cache could drop the tag")
    func lostTag() async throws {
        let (tenant, _) = try await tenant()
        for target in [Self.path, Self.list, Catalog.skills.list] {
            for more in [[:], ["X-Catalog-Consistency": "strong"], ["Cache-Control": "no-cache"]] {
                let headers = ["If-None-Match": "\"7-0000000000000001\""]
                let answer = try await tenant.get(target, headers.merging(more) { $1 })
                if target == Catalog.skills.list {
                    #expect(answer.status == 200, "\(answer.text)")
                } else {
                    #expect(answer.status == 200 && answer.text.contains("one"), "\(answer.text)")
                }
                #expect(answer.header("X-Cache") == "MISS", "\(more)")
                #expect(answer.header("Cache-Status")?.contains("lost-tag") == true)
                // The new tag is one to revalidate by.
                let tag = try #require(answer.header("ETag"))
                #expect(try await tenant.get(target, ["If-None-Match": tag]).status == 304)
            }
        }
    }

    @Test("in a namespace that was never written any revision is lost")
    func unknownNamespace() async throws {
        let tenant = try await Tenant.fresh()
        let answer = try await tenant.get(Self.list, ["X-Catalog-Min-Revision": "1"])
        #expect(answer.status == 409)
        #expect(try answer.body("details")?["revision"] == "0")
        for headers in [["X-Catalog-Min-Revision": "0"], ["X-Catalog-Consistency": "strong"]] {
            let answer = try await tenant.get(Self.list, headers)
            #expect(answer.status == 200)
            #expect(try answer.names().isEmpty)
        }
    }

    @Test(
        "values that cannot be meant are refused",
        arguments: [
            ("X-Catalog-Min-Revision", ["", "x", "-1", "1.5", "18446744073709551616", "1, 2"]),
            ("X-Catalog-Epoch", ["", "x", "0000000000004000800000000000000", "g0000000-0-0-0-0"]),
            ("X-Catalog-Consistency", ["", "linearizable", "STRONG", "strong, strong"]),
        ])
    func malformed(name: String, values: [String]) async throws {
        let (tenant, _) = try await tenant()
        for value in values {
            let answer = try await tenant.get(Self.list, [name: value])
            #expect(answer.status == 400, "\(name): \(value)")
            #expect(answer.header("Cache-Control") == "no-store")
        }
    }

    @Test("a strong read is the cache's answer once the primary has confirmed it")
    func strong() async throws {
        let (tenant, _) = try await tenant()
        let strong = ["X-Catalog-Consistency": "strong"]
        for number in 0..<20 {
            let text = "text \(number)"
            let written = try await tenant.put(
                Self.path, ["name": "one", "description": .string(text)])
            #expect(written.status == 200)
            for target in [Self.path, Self.list] {
                let answer = try await tenant.get(target, strong)
                #expect(answer.text.contains(text))
                #expect(answer.header("X-Cache") == "MISS")
                #expect(answer.header("Cache-Status") == "catalog; fwd=request; detail=verified")
                let cached = try await tenant.get(target)
                #expect(cached.header("X-Cache") == "HIT")
                #expect(cached.text == answer.text)
                #expect(cached.header("ETag") == answer.header("ETag"))
            }
        }
        let cold = try await tenant.get(Catalog.skills.list, strong)
        #expect(cold.header("Cache-Status") == "catalog; fwd=miss; detail=not-loaded")
        let around = try await tenant.get(
            Self.list, strong.merging(["Cache-Control": "no-cache"]) { $1 })
        #expect(around.header("X-Cache") == "BYPASS")
        let known = try #require(around.header("ETag"))
        let same = try await tenant.get(Self.list, strong.merging(["If-None-Match": known]) { $1 })
        #expect(same.status == 304)
    }

    @Test("If-Match on a read guards against another version")
    func ifMatch() async throws {
        let (tenant, created) = try await tenant()
        let tag = try #require(created.header("ETag"))
        #expect(try await tenant.get(Self.path, ["If-Match": tag]).status == 200)
        #expect(try await tenant.get(Self.path, ["If-Match": "*"]).status == 200)
        let changed = try await tenant.put(Self.path, ["name": "one", "version": "2"])
        #expect(changed.status == 200)
        #expect(try await tenant.get(Self.path, ["If-Match": tag]).status == 412)
    }

    @Test("a client can say how old an answer of the cache may be")
    func maxAge() async throws {
        let (tenant, _) = try await tenant()
        for control in ["max-age=60", "max-age=\"60\"", "max-age=0, max-stale", "max-stale=9"] {
            let answer = try await tenant.get(Self.path, ["Cache-Control": control])
            #expect(answer.header("X-Cache") == "HIT", "\(control)")
        }
        for control in ["max-age=0", "max-age=x", "max-age", "max-age=0, max-stale=x"] {
            let answer = try await tenant.get(Self.path, ["Cache-Control": control])
            #expect(answer.status == 200)
            #expect(answer.header("X-Cache") == "MISS", "\(control)")
            #expect(answer.header("Cache-Status") == "catalog; fwd=stale; detail=too-old")
        }
    }
}
