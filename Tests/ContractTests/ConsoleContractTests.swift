import CatalogModel
import TestSupport
import Testing

@Suite("The console over HTTP", .turns, .timeLimit(.minutes(5)))
struct ConsoleContractTests {
    private static let events = "/ui/events"

    /// What a file of the page loads, as paths.
    private func loaded(by text: String, at path: String) -> [String] {
        let folder = path == "/ui" ? "/" : "/ui/"
        let links = text.matches(of: /(?:href|src)="([\w\/.]+\.(?:css|js))"/).map { String($0.1) }
        let imports = text.matches(of: /from '\.\/([\w.]+)'/).map { String($0.1) }
        return (links + imports).map { folder + $0 }
    }

    @Test("the page and what it loads are served to everybody, and nothing comes from elsewhere")
    func page() async throws {
        let client = try await SharedServer.get().client
        var (open, seen): ([String], Set<String>) = (["/ui"], [])
        while let path = open.popLast() {
            guard seen.insert(path).inserted else { continue }
            let response = try await client.get(path)
            try #require(response.status == 200, "\(path)")
            let types = ["css": "text/css", "js": "text/javascript"]
            let type = types[path.split(separator: ".").last.map(String.init) ?? ""] ?? "text/html"
            #expect(response.header("Content-Type") == "\(type); charset=utf-8")
            let policy = try #require(response.header("Content-Security-Policy"))
            #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'"))
            #expect(!policy.contains("unsafe") && !policy.contains("http"))
            #expect(response.header("X-Content-Type-Options") == "nosniff")
            let text = response.text.replacing("http://www.w3.org/2000/svg", with: "")
            for word in ["http://", "https://", "innerHTML", "insertAdjacent", "eval(", "style="] {
                #expect(!text.contains(word), "\(path): \(word)")
            }
            #expect(!text.contains("<script>") && !text.contains("onclick="))
            let tag = try #require(response.header("ETag"))
            #expect(try await client.get(path, headers: ["If-None-Match": tag]).status == 304)
            open += loaded(by: response.text, at: path)
        }
        #expect(seen.isSuperset(of: ["/ui", "/ui/console.css", "/ui/console.js", "/ui/facets.js"]))
        let slash = try await client.get("/ui/")
        #expect(slash.status == 308 && slash.header("Location") == "../ui")
        let refused = try await client.post("/ui", body: "{}")
        #expect(refused.status == 405 && refused.header("Allow") == "GET, HEAD")
        #expect(try await client.get("/ui/none.js").status == ContractMode.current.unrouted(404))
    }

    @Test("without asking for a stream there is one answer with everything")
    func once() async throws {
        let tenant = try await Tenant.fresh()
        let made = try await tenant.post(Catalog.agents.list, ["name": "one"])
        try #require(made.status == 201)
        let response = try await tenant.get(Self.events)
        #expect(response.status == 200)
        #expect(response.header("Content-Type") == "application/json")
        #expect(response.header("Cache-Control") == "no-store")
        let view = try response.json()
        #expect(view["namespace"]?.stringValue == tenant.namespace)
        #expect(view["tenancy"] == "namespace")
        #expect(view.value(at: "now.ready") == true)
        #expect(view.value(at: "now.database") == "up")
        #expect(view.value(at: "traffic.points")?.arrayValue != nil)
        let replicas = try #require(view.value(at: "replicas.items")?.arrayValue)
        #expect(replicas.contains { $0["name"] == view["replica"] && $0["alive"] == true })
        let audit = try #require(view.value(at: "audit.items")?.arrayValue)
        #expect(audit.first?["actor"] == "alice")
        #expect(audit.first?["outcome"] == "success")
        #expect(view.value(at: "jobs.items")?.arrayValue == [])
        // Another namespace has none of it.
        let other = try await Tenant.fresh().get(Self.events).json()
        #expect(other.value(at: "audit.items")?.arrayValue == [])
        #expect(try await tenant.client.post(Self.events, body: "").status != 200)
    }

    @Test("a stream begins with everything, goes on every second, and shows traffic and changes")
    func stream() async throws {
        let tenant = try await Tenant.fresh()
        let stream = try await EventStream.open(
            Self.events, of: tenant.client, headers: tenant.headers())
        #expect(stream.response.status == 200)
        #expect(stream.response.header("Content-Type") == "text/event-stream")
        #expect(stream.response.header("Cache-Control") == "no-store")
        var first: [String] = []
        while first.last != "audit" { first.append(try #require(try await stream.next()).name) }
        #expect(first == ["hello", "traffic", "now", "replicas", "namespaces", "jobs", "audit"])

        let made = try await tenant.post(Catalog.agents.list, ["name": "seen"])
        try #require(made.status == 201)
        _ = try await tenant.client.hit(Catalog.agents.list, headers: tenant.headers())
        var (missing, rate): (Set<String>, Double) = (["audit", "namespaces"], 0)
        let end = ContinuousClock.now + .seconds(20)
        while !missing.isEmpty || rate == 0 {
            try #require(ContinuousClock.now < end, "not seen: \(missing), \(rate) requests/s")
            _ = try await tenant.get(Catalog.agents.list)
            let event = try #require(try await stream.next())
            switch event.name {
            case "now":
                rate = event.data.value(at: "minute.requestsPerSecond")?.doubleValue ?? 0
                let hits = event.data.value(at: "minute.hitRatio")?.doubleValue
                if rate > 0 { #expect((hits ?? 0) >= 0) }
            case "audit" where event["items"]?.arrayValue?.count == 1: missing.remove("audit")
            case "namespaces":
                let own = event["items"]?.arrayValue?.first
                if own?["namespace"]?.stringValue == tenant.namespace, own?["lag"] == 0 {
                    missing.remove("namespaces")
                }
            default: break
            }
        }
        stream.leave()
    }

    @Test("a job is seen from its request to its end")
    func jobs() async throws {
        let tenant = try await Tenant.named("default")
        let stream = try await EventStream.open(
            Self.events, of: tenant.client, headers: tenant.headers())
        let asked = try await tenant.client.send(
            "POST", "\(Catalog.named("policies").base)/management/refresh/policies-default",
            headers: tenant.headers(), body: [])
        try #require(asked.status == 202)
        let id = try #require(try asked.body("jobId")?.stringValue)
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            let event = try #require(try await stream.next("jobs"))
            let job = event["items"]?.arrayValue?.first { $0["id"]?.stringValue == id }
            if job?["state"] == "succeeded" { return }
        }
        Issue.record("the job was not seen to succeed")
    }

    @Test("switched off there is nothing of it")
    func off() async throws {
        let server = try await ServerProcess.start(
            .init(environment: ["CATALOG_CONSOLE": "off"], dsn: "host=/nowhere dbname=x"))
        for path in ["/ui", "/ui/events", "/ui/console.js"] {
            #expect(try await server.client.get(path).status == 404)
        }
        let document = try await server.client.get("/openapi.json").text
        #expect(!document.contains("/ui"))
        try await server.kill()
    }

    @Test("every replica that lives is seen on each, with how far it is", .onPostgres)
    func replicas() async throws {
        let first = try await ServerProcess.ready(.init(environment: ["POD_NAME": "one"]))
        let second = try await ServerProcess.ready(
            .init(environment: ["POD_NAME": "two"], dsn: first.dsn))
        _ = try await second.client.hit(Catalog.agents.list)
        let stream = try await EventStream.open(Self.events, port: first.port)
        let end = ContinuousClock.now + .seconds(20)
        var seen: [String?: JSONValue] = [:]
        func look(until isSeen: () -> Bool) async throws {
            repeat {
                try #require(ContinuousClock.now < end, "seen: \(seen)")
                let event = try #require(try await stream.next("replicas"))
                let items = event["items"]?.arrayValue ?? []
                seen = Dictionary(items.map { ($0["name"]?.stringValue, $0) }) { $1 }
            } while !isSeen()
        }
        try await look { seen["two"]?["lag"] == 0 && seen["one"]?["revision"]?.isNull == true }
        #expect(seen["two"]?["alive"] == true && seen["two"]?["head"] != .null)
        // One that leaves in good order is gone at once.
        try await second.terminate()
        try await look { seen.count == 1 && seen["one"] != nil }
        try await first.kill()
    }

    @Test("streams are limited, share what they ask the store, and their seats are free again")
    func limit() async throws {
        let server = try await ServerProcess.ready()
        var streams: [EventStream] = []
        for _ in 0..<64 { streams.append(try await .open(Self.events, port: server.port)) }
        #expect(streams.allSatisfy { $0.response.status == 200 })
        let refused = try await EventStream.open(Self.events, port: server.port)
        #expect(refused.response.status == 429)
        #expect(refused.response.header("Retry-After") == "5")
        #expect(try await server.client.get(Self.events).status == 200)
        let turns = 4
        let before = try await server.metric("catalog_postgres_queries") ?? 0
        for _ in 0..<turns { _ = try await streams[0].next("now") }
        let queries = (try await server.metric("catalog_postgres_queries") ?? 0) - before
        #expect(queries < Double(turns * streams.count))
        streams.removeLast().leave()
        let end = ContinuousClock.now + .seconds(10)
        while true {
            let again = try await EventStream.open(Self.events, port: server.port)
            if again.response.status == 200 { break }
            try #require(ContinuousClock.now < end, "the seat is not free")
            try await Task.sleep(for: .milliseconds(20))
        }
        // The others hear that the server stops, and it does.
        async let status = server.terminate()
        var last: String?
        while let event = try await streams[0].next() { last = event.name }
        #expect(last == "end")
        #expect(try await status == 0)
    }
}
