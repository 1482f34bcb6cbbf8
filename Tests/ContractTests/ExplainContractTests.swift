import CatalogModel
import TestSupport
import Testing

@Suite("Explained reads", .turns, .timeLimit(.minutes(5)))
struct ExplainContractTests {
    @Test("a read explains itself", arguments: Catalog.all)
    func explain(catalog: Catalog) async throws {
        let tenant = try await Tenant.fresh()
        var document: JSONObject = ["name": "one"]
        if catalog.convention == .mcp { document["deploymentMode"] = "local" }
        let created = try await tenant.post(
            catalog.list, .object(document), ["X-Request-ID": "request-of-one"])
        try #require(created.status == 201)
        let path = "\(catalog.list)/one"
        let cold = try await tenant.get("\(path)?explain=cache")
        #expect(try cold.body("outcome") == "MISS")
        #expect(try cold.body("reason") == "not-loaded")
        let list = try await tenant.client.hit(catalog.list, headers: tenant.headers())
        let entity = try await tenant.get(path)

        let answer = try await tenant.get("\(path)?explain=cache")
        #expect(answer.status == 200)
        #expect(answer.header("Cache-Control") == "no-store")
        #expect(answer.header("ETag") == nil)
        #expect(answer.header("X-Cache") == "HIT")
        let why = try answer.json()
        #expect(why["namespace"]?.stringValue == tenant.namespace)
        #expect(why["epoch"]?.stringValue == created.header("X-Catalog-Epoch"))
        #expect(why["revision"] == 1)
        #expect(why["actor"] == "alice")
        #expect(why["requestId"] == "request-of-one")
        #expect(why["outcome"] == "HIT")
        #expect(why["reason"] == .null)
        #expect(why["replica"]?.stringValue?.isEmpty == false)
        #expect(why["feed"]?["connected"] == true)
        #expect(why["feed"]?["lag"] == 0)
        #expect(why["feed"]?["lastHeadsMs"]?.intValue ?? .max < 5_000)
        #expect(why["stalenessBoundMs"]?.intValue ?? .max < 5_000)
        #expect(why["collection"]?["plugin"]?.stringValue == catalog.plugin)
        #expect(why["collection"]?["kind"]?.stringValue == catalog.kind)
        #expect(why["collection"]?["entityCount"] == 1)
        #expect(tag(why["collection"]) == list.header("ETag"))
        #expect(tag(why["entity"]) == entity.header("ETag"))
        let times = try ["committedAt", "appliedAt"].map { name in
            try #require(why[name]?.stringValue.flatMap { Timestamp($0) }, "\(name)")
        }
        #expect(abs(times[1].ms - times[0].ms) < 5_000)

        let whole = try await tenant.get("\(catalog.list)?explain=cache").json()
        #expect(whole["entity"] == nil)
        #expect(tag(whole["collection"]) == list.header("ETag"))
    }

    @Test("whatever the outcome, with its reason")
    func outcomes() async throws {
        let tenant = try await Tenant.fresh()
        let list = Catalog.agents.list
        #expect(try await tenant.post(list, ["name": "one"]).status == 201)
        _ = try await tenant.client.hit(list, headers: tenant.headers())
        let cases: [([String: String], JSONValue, JSONValue)] = [
            ([:], "HIT", .null), (["Cache-Control": "no-cache"], "BYPASS", "no-cache"),
            (["Cache-Control": "max-age=0"], "MISS", "too-old"),
            (["X-Catalog-Consistency": "strong"], "MISS", "verified"),
        ]
        for (headers, outcome, reason) in cases {
            for target in [list, "\(list)/one", "\(list)/none"] {
                let answer = try await tenant.get("\(target)?explain=cache", headers)
                #expect(answer.status == 200, "\(target) \(headers)")
                #expect(try answer.body("outcome") == outcome, "\(target) \(headers)")
                #expect(try answer.body("reason") == reason, "\(target) \(headers)")
                #expect(try answer.body("collection")?["entityCount"] == 1)
            }
            #expect(
                try await tenant.get("\(list)/none?explain=cache", headers).body("entity") == .null)
        }
        for topic in ["", "plan", "cache,cache"] {
            let answer = try await tenant.get("\(list)?explain=\(topic)")
            #expect(answer.status == 400, "\(topic)")
        }
        let empty = try await Tenant.fresh().get("\(list)?explain=cache")
        #expect(try empty.body("epoch") == .null)
        #expect(try empty.body("collection") == .null)
        #expect(try empty.body("actor") == .null)
    }

    private func tag(_ state: JSONValue?) -> String? {
        guard let revision = state?["revision"]?.intValue,
            let digest = state?["digest"]?.stringValue
        else { return nil }
        return "\"\(revision)-\(digest)\""
    }
}
