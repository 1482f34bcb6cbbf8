import CatalogModel
import Synchronization
import TestSupport
import Testing

@Suite("The change feed")
struct ChangesContractTests {
    private static let path = "/api/changes/v1alpha1"
    private let agents = Catalog.agents

    private func put(_ name: String, _ tenant: Tenant, _ text: String = "x") async throws
        -> HTTPResponse
    {
        let answer = try await tenant.put(
            "\(agents.list)/\(name)", ["name": .string(name), "category": .string(text)])
        try #require((200..<300).contains(answer.status), "\(answer.text)")
        return answer
    }

    /// Everything after a place, page by page, until nothing follows.
    private func all(
        _ tenant: Tenant, from place: String, _ more: String = ""
    ) async throws -> [JSONValue] {
        var changes: [JSONValue] = []
        var place = place
        while true {
            let answer = try await tenant.get("\(Self.path)?from=\(place)\(more)")
            try #require(answer.status == 200, "\(answer.text)")
            let page = try #require(try answer.body("changes")?.arrayValue)
            if page.isEmpty { return changes }
            changes += page
            place = try #require(try answer.body("cursor")?.stringValue)
        }
    }

    private func identity(_ change: JSONValue) -> String {
        let revision = change["revision"]?.intValue ?? 0
        return "\(revision) \(change["op"]?.stringValue ?? "") \(change["name"]?.stringValue ?? "")"
    }

    @Test("tells what changed in order, with the documents that are still current")
    func order() async throws {
        let tenant = try await Tenant.fresh()
        _ = try await put("a", tenant)
        _ = try await put("b", tenant, "first")
        _ = try await put("b", tenant, "second")
        #expect(try await tenant.delete("\(agents.list)/a").status < 300)
        let changes = try await all(tenant, from: "0", "&include=body")
        #expect(changes.map(identity) == ["1 put a", "2 put b", "3 put b", "4 delete a"])
        #expect(changes[0]["version"]?.isNull == true)
        #expect(changes[1]["document"]?.isNull == true)
        #expect(changes[2]["version"] == 2)
        #expect(changes[2].value(at: "document.category") == "second")
        #expect(changes[3]["version"] == nil)
        for change in changes {
            #expect(change["plugin"] == "agents")
            #expect(change["kind"] == "Agent")
            #expect(change["source"]?.stringValue != nil)
        }
    }

    @Test("a poll waits for a change and names the place after it")
    func longPoll() async throws {
        let tenant = try await Tenant.fresh()
        let first = try await put("a", tenant)
        let revision = try #require(first.header("X-Catalog-Revision"))
        async let waiting = tenant.get("\(Self.path)?from=\(revision)&wait=8")
        let second = try await put("b", tenant)
        let answer = try await waiting
        #expect(answer.status == 200)
        #expect(answer.header("Cache-Control") == "no-store")
        #expect(answer.header("X-Catalog-Revision") == second.header("X-Catalog-Revision"))
        #expect(try answer.body("from")?.intValue == Int64(revision))
        #expect(try answer.body("changes")?.arrayValue?.map(identity) == ["2 put b"])
        let epoch = try #require(answer.header("X-Catalog-Epoch"))
        #expect(try answer.body("epoch")?.stringValue == epoch)
        #expect(try answer.body("cursor")?.stringValue?.hasPrefix("\(epoch):2:") == true)
    }

    @Test("resumed from any revision it tells the same, under many writers")
    func gapless() async throws {
        let tenant = try await Tenant.fresh()
        _ = try await put("first", tenant)
        let client = tenant.client
        let stream = try await EventStream.open(
            "\(Self.path)?from=0", of: client, headers: tenant.headers())
        #expect(stream.response.status == 200)
        // The feed may be behind the last write for a moment, so the writes say where it ends.
        let head = try await withThrowingTaskGroup(of: Int64.self) { group in
            for writer in 0..<16 {
                group.addTask {
                    var last: Int64 = 0
                    for number in 0..<6 {
                        let answer = try await put(
                            "w\(writer)-\(number % 3)", tenant, "\(number)")
                        let revision = try #require(answer.header("X-Catalog-Revision"))
                        last = try #require(Int64(revision))
                    }
                    return last
                }
            }
            return try await group.reduce(0, max)
        }
        var seen: [String] = []
        var revisions: [Int64] = []
        while (revisions.last ?? 0) < head {
            let event = try #require(try await stream.next())
            switch event.name {
            case "change": seen.append(identity(event.data))
            case "revision":
                #expect(event.id?.split(separator: ":")[1] == "\(event["revision"]?.intValue ?? 0)")
                revisions.append(event["revision"]?.intValue ?? 0)
            default: continue
            }
        }
        #expect(revisions == Array(1...head))
        let polled = try await all(tenant, from: "0")
        #expect(polled.map(identity) == seen)
        #expect(seen.count == 97)
        for start in stride(from: 0, through: head, by: 7) {
            let rest = try await all(tenant, from: String(start)).map(identity)
            let expected = polled.filter { ($0["revision"]?.intValue ?? 0) > start }.map(identity)
            #expect(rest == expected, "from \(start)")
        }
    }

    @Test("a stream resumes after the last revision that it sent whole")
    func resume() async throws {
        let tenant = try await Tenant.fresh()
        let items: [JSONValue] = (0..<5).map { ["name": .string("n\($0)")] }
        let bulk = try await tenant.post("\(agents.list):batch", ["items": .array(items)])
        #expect(bulk.status == 200)
        let first = try await EventStream.open(
            "\(Self.path)?from=0", of: tenant.client, headers: tenant.headers())
        let revision = try #require(try await first.next("revision"))
        #expect(revision["changes"] == 5)
        _ = try await put("later", tenant)
        let id = try #require(revision.id)
        let second = try await EventStream.open(
            "\(Self.path)?from=0", of: tenant.client,
            headers: tenant.headers(["Last-Event-ID": id]))
        let change = try #require(try await second.next("change"))
        #expect(change["name"] == "later")
        #expect(change.id == nil)
        let bookmark = try #require(try await second.next("bookmark"))
        #expect(bookmark["revision"] == 2)
        #expect(bookmark["stalenessBoundMs"]?.intValue != nil)
    }

    @Test("begins at the head without a place, and shows only what is asked for")
    func filter() async throws {
        let tenant = try await Tenant.fresh()
        _ = try await put("before", tenant)
        let stream = try await EventStream.open(
            "\(Self.path)?plugin=skills", of: tenant.client, headers: tenant.headers())
        let start = try #require(try await stream.next())
        #expect(start.name == "bookmark")
        #expect(start["revision"] == 1)
        _ = try await put("hidden", tenant)
        _ = try await tenant.put("\(Catalog.skills.list)/shown", ["name": "shown"])
        var names: [String] = []
        while names.isEmpty {
            let event = try #require(try await stream.next())
            #expect(event.name != "revision" || event["changes"] == 1)
            if event.name == "change" { names.append(event["name"]?.stringValue ?? "") }
        }
        #expect(names == ["shown"])
    }

    @Test("refuses what cannot be meant")
    func malformed() async throws {
        let tenant = try await Tenant.fresh()
        for query in [
            "from=x", "from=-1", "from=1:2", "wait=-1", "wait=61", "wait=x", "include=all",
            "plugin=nothing", "kind=Nothing", "plugin=skills&kind=Agent", "epoch=1",
            "from=99999999999999999999",
        ] {
            let answer = try await tenant.get("\(Self.path)?\(query)")
            #expect(answer.status == 400, "\(query)")
            #expect(answer.header("Cache-Control") == "no-store")
        }
        #expect(try await tenant.client.get(Self.path).status == 400)
        let head = try await tenant.client.head(Self.path, headers: tenant.headers())
        #expect(head.status == 405)
        #expect(head.header("Allow") == "GET")
    }

    @Test("a place of another history, or one that never was, is lost")
    func lost() async throws {
        let tenant = try await Tenant.fresh()
        let first = try await put("a", tenant)
        let epoch = try #require(first.header("X-Catalog-Epoch"))
        let other = "00000000-0000-4000-8000-000000000000"
        for place in [
            "from=999", "from=1&epoch=\(other)", "from=\(other):1",
            "from=\(epoch):1:0000000000000000",
        ] {
            for accept in ["*/*", "text/event-stream"] {
                let answer = try await tenant.get("\(Self.path)?\(place)", ["Accept": accept])
                #expect(answer.status == 409, "\(place)")
                let details = try answer.json()["details"]
                #expect(details?["reason"] == "revision_lost")
                #expect(details?["next"] == "drop_token")
                #expect(details?["epoch"]?.stringValue == epoch)
                #expect(details?["revision"] == "1")
            }
        }
    }

    @Test("one namespace never sees another one's changes")
    func tenants() async throws {
        let (one, two) = (try await Tenant.fresh(), try await Tenant.fresh())
        _ = try await put("secret", one)
        _ = try await put("own", two)
        #expect(try await all(two, from: "0").map(identity) == ["1 put own"])
    }

    @Test("a namespace that does not exist yet is followed from its beginning")
    func unknownNamespace() async throws {
        let tenant = try await Tenant.fresh()
        let stream = try await EventStream.open(
            "\(Self.path)?from=0", of: tenant.client, headers: tenant.headers())
        #expect(stream.response.status == 200)
        _ = try await put("first", tenant)
        #expect(try await stream.next("change")?["name"] == "first")
    }
}
