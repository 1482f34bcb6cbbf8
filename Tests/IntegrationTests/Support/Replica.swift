import CatalogModel
import TestSupport
import Testing

/// One server process with the requests that tests make.
struct Replica: Sendable {
    let server: ServerProcess
    let site: Deployment

    var client: HTTPClient { server.client }

    // MARK: Reading

    func get(_ target: String, in namespace: String? = nil) async throws -> HTTPResponse {
        try await client.get(target, headers: Self.headers(namespace))
    }

    /// The answer of Postgres, whatever the cache holds.
    func bypass(_ target: String, in namespace: String? = nil) async throws -> HTTPResponse {
        let headers = Self.headers(namespace).merging(["Cache-Control": "no-cache"]) { $1 }
        let answer = try await client.get(target, headers: headers)
        #expect(answer.cache == "BYPASS")
        return answer
    }

    /// The names of every entity of a kind, in the order of names.
    func names(of kind: Kind) async throws -> [String] { try await get(kind.whole).names() }

    /// Waits until the collections are served from the cache.
    func warm(_ kinds: [Kind], in namespace: String? = nil) async throws {
        for kind in kinds {
            try await eventually("\(kind.plural) in the cache") {
                try await get(kind.whole, in: namespace).cache == "HIT"
            }
        }
    }

    /// Waits until the cache has applied a revision; `kind` must be in the cache.
    func reach(
        _ revision: UInt64, by kind: Kind = .agents, in namespace: String? = nil
    ) async throws {
        try await eventually("revision \(revision)") {
            let answer = try await get("\(kind.list)?pageSize=1", in: namespace)
            return answer.cache == "HIT" && answer.revision >= revision
        }
    }

    // MARK: Writing

    /// Writes as an operator; whatever the answer is.
    func send(
        _ method: String, _ target: String, _ body: JSONValue? = nil, in namespace: String? = nil
    ) async throws -> HTTPResponse {
        let headers = Self.headers(namespace).merging(["X-User-Role": "operator"]) { $1 }
        return try await client.send(method, target, headers: headers, body: body?.encoded)
    }

    /// Writes as an operator and expects success.
    @discardableResult
    func write(
        _ method: String, _ target: String, _ body: JSONValue? = nil, in namespace: String? = nil
    ) async throws -> HTTPResponse {
        let answer = try await send(method, target, body, in: namespace)
        #expect((200..<300).contains(answer.status), "\(method) \(target): \(answer.text)")
        return answer
    }

    /// Creates or replaces entities by bulk writes.
    @discardableResult
    func upsert(
        _ kind: Kind, _ documents: [JSONValue], in namespace: String? = nil
    ) async throws -> HTTPResponse {
        let answer = try await write(
            "POST", "\(kind.list):batch", ["items": .array(documents)], in: namespace)
        #expect(try answer.json()["failed"]?.intValue == 0)
        return answer
    }

    /// Refreshes a plugin's sources and returns the finished job.
    func refresh(_ kind: Kind) async throws -> JSONValue {
        let answer = try await write("POST", "\(kind.base)/management/refresh")
        let id = try #require(try answer.json()["jobId"]?.stringValue)
        return try await eventually(within: .seconds(20), "the end of job \(id)") {
            let job = try await get("/api/jobs/v1alpha1/refresh/\(id)").json()
            let isOver = ["succeeded", "failed", "canceled"].contains(job["state"]?.stringValue)
            // A bare nil would be the JSON null.
            return isOver ? Optional(job) : Optional.none
        }
    }

    // MARK: Log

    /// How often something was logged in the present run, by its stable name.
    func count(of event: String) -> Int {
        server.logLines.filter { $0.value(at: "metadata.event")?.stringValue == event }.count
    }

    private static func headers(_ namespace: String?) -> [String: String] {
        namespace.map { ["X-Namespace": $0] } ?? [:]
    }
}

/// Expects two replicas to serve the same bytes of some kinds from their caches, and Postgres too.
func expectSameContent(
    _ first: Replica, _ second: Replica, _ kinds: [Kind], in namespace: String? = nil,
    _ location: SourceLocation = #_sourceLocation
) async throws {
    for kind in kinds {
        let here = try await first.get(kind.whole, in: namespace)
        let there = try await second.get(kind.whole, in: namespace)
        #expect(here.cache == "HIT", "\(kind.plural)", sourceLocation: location)
        #expect(there.cache == "HIT", "\(kind.plural)", sourceLocation: location)
        #expect(here.content == there.content, "\(kind.plural)", sourceLocation: location)
        let stored = try await first.bypass(kind.whole, in: namespace)
        #expect(here.content == stored.content, "\(kind.plural)", sourceLocation: location)
    }
}
