import CatalogClient
import CatalogModel
import TestSupport
import Testing

@Suite("The client of the catalog")
struct ClientTests {
    private static let list = "/api/agents_catalog/v1alpha1/agents"

    private func put(_ name: String, _ category: String) -> CatalogRequest {
        var request = CatalogRequest("PUT", "\(Self.list)/\(name)")
            .header("X-User-Role", "operator")
        request.body =
            JSONValue.object(["name": .string(name), "category": .string(category)]).encoded
        return request
    }

    @Test("reads its own writes on any replica, and goes on where one does not answer")
    func session() async throws {
        let first = try await ServerProcess.ready()
        let second = try await ServerProcess.ready(ServerProcess.Options(dsn: first.dsn))
        let way = try await TCPProxy.start(to: .port(second.port))
        let servers = [first.port, way.port].map { "http://127.0.0.1:\($0)" }
        try await CatalogClient.with(servers: servers) { client in
            for round in 0..<40 {
                let written = try await client.send(
                    put("mine", "round \(round)"), to: servers[round % 2])
                #expect(written.isSuccess, "\(written.text)")
                let read = try await client.send(
                    .get("\(Self.list)/mine"), to: servers[(round + 1) % 2])
                #expect(try read.json()["category"]?.stringValue == "round \(round)")
                #expect(read.revision ?? 0 >= written.revision ?? .max)
            }
            // One of two is away: what names no server is answered by the other.
            way.mode = .refuse
            way.cut()
            for round in 0..<6 {
                let answer = try await client.send(.get("\(Self.list)/mine"))
                #expect(answer.status == 200)
                #expect(answer.server == servers[0])
                #expect(try await client.send(put("mine", "\(round)")).isSuccess)
            }
            let error = await #expect(throws: ClientError.self) {
                _ = try await client.send(
                    CatalogRequest("POST", "\(Self.list):batch"), to: servers[1])
            }
            #expect(error?.code == .unreachable)
            #expect(error?.server == servers[1])
        }
    }

    @Test("drops tokens of a history that is gone, and says so")
    func lostHistory() async throws {
        let server = try await ServerProcess.ready()
        let address = "http://127.0.0.1:\(server.port)"
        try await CatalogClient.with(servers: [address]) { client in
            let written = try await client.send(put("kept", "a"))
            let name = server.dsn.split(separator: " ").first { $0.hasPrefix("dbname=") }
            try await PostgresCluster.shared().sql(
                "UPDATE namespaces SET epoch = gen_random_uuid() WHERE name = 'default'",
                database: String(name?.dropFirst(7) ?? ""))
            let end = ContinuousClock.now + .seconds(20)
            var answer = try await client.send(.get("\(Self.list)/kept"))
            while !answer.lostHistory, ContinuousClock.now < end {
                answer = try await client.send(.get("\(Self.list)/kept"))
            }
            #expect(answer.lostHistory)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.epoch != written.epoch)
            let next = try await client.send(.get("\(Self.list)/kept"))
            #expect(next.status == 200 && !next.lostHistory)
        }
    }

    @Test("sends again only what can do nothing twice, a bounded number of times")
    func retries() {
        func pause(
            _ request: CatalogRequest, _ outcome: RetryPolicy.Outcome, after attempt: Int = 1
        ) -> Int? {
            RetryPolicy.pauseMs(after: attempt, of: request, outcome, chance: 0)
        }
        let busy = RetryPolicy.Outcome.answer(status: 503, retryAfter: "1")
        let post = CatalogRequest("POST", Self.list)
        for safe in [
            .get(Self.list), CatalogRequest("PUT", Self.list), CatalogRequest("DELETE", Self.list),
            post.header("idempotency-key", "k"),
        ] {
            #expect(pause(safe, .failure) == 50)
            #expect(pause(safe, .failure, after: 3) == 200)
            #expect(pause(safe, .failure, after: 4) == nil)
            #expect(pause(safe, busy) == 1_000)
            #expect(pause(safe, .answer(status: 503, retryAfter: "9000")) == 2_000)
            #expect(pause(safe, .answer(status: 503, retryAfter: "soon")) == 50)
            for final in [200, 304, 400, 404, 409, 412, 500] {
                #expect(pause(safe, .answer(status: final, retryAfter: "1")) == nil)
            }
            #expect(pause(safe.plain, .failure) == nil)
        }
        for unsafe in [post, CatalogRequest("PATCH", Self.list)] {
            #expect(pause(unsafe, .failure) == nil)
            #expect(pause(unsafe, busy) == nil)
        }
    }

    @Test("a stream tells each change once and in order, whatever breaks on the way")
    func changes() async throws {
        let first = try await ServerProcess.ready()
        let way = try await TCPProxy.start(to: .port(first.port))
        let servers = [first.port, way.port].map { "http://127.0.0.1:\($0)" }
        try await CatalogClient.with(servers: servers) { client in
            let names = (0..<12).map { "streamed-\($0)" }
            var wanted = ChangeSubscription()
            wanted.from = try await client.send(.get(Self.list)).revision.map { String($0) }
            wanted.plugin = "agents"
            wanted.hasDocuments = true
            var told: [String] = []
            #expect(try await client.send(put(names[0], "0")).isSuccess)
            try await client.follow(wanted) { event async throws -> Bool in
                guard case .transaction(let changes, _) = event else { return true }
                told += changes.compactMap { $0["name"]?.stringValue }
                #expect(changes.allSatisfy { $0["document"]?.objectValue != nil })
                guard told.count < names.count else { return false }
                way.cut()
                let name = names[told.count]
                #expect(try await client.send(put(name, name), to: servers[0]).isSuccess)
                return true
            }
            #expect(told == names)
        }
    }

    @Test("reads events out of every split of their bytes")
    func eventParser() {
        let text = ": hello\nevent: a\nid: 1\ndata: x\ndata:y\n\ndata: \u{00FC}\r\n\r\nid: 2\n\n"
        let bytes = Array(text.utf8)
        for split in 0...bytes.count {
            var parser = EventParser()
            let events = parser.take(bytes[..<split]) + parser.take(bytes[split...])
            #expect(events.map(\.name) == ["a", "message"])
            #expect(events.map(\.id) == ["1", nil])
            #expect(events.map(\.data) == ["x\ny", "\u{00FC}"])
        }
    }

    @Test("encodes what could mean something")
    func encoding() {
        #expect(CatalogRequest.encoded("a/b c?d&e=f%ü~") == "a%2Fb%20c%3Fd%26e%3Df%25%C3%BC~")
        let request = CatalogRequest.get("/p", query: [("a", "1 2"), ("b", "&")])
        #expect(request.target == "/p?a=1%202&b=%26")
    }

    @Test(arguments: ["", "localhost:80", "ftp://x", "http://"])
    func refusedAddress(text: String) async throws {
        let error = await #expect(throws: ClientError.self) {
            try await CatalogClient.with(servers: [text]) { _ in }
        }
        #expect(error?.code == .address)
    }
}
