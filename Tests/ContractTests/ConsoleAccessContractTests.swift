import CatalogModel
import TestSupport
import Testing

@Suite("Who sees what of the console", .turns, .timeLimit(.minutes(5)))
struct ConsoleAccessContractTests {
    private static let events = "/ui/events"

    private func view(
        _ guarded: Guarded, as user: String, in namespace: String
    ) async throws -> JSONValue {
        let response = try await guarded.send("GET", Self.events, as: user, in: namespace)
        try #require(response.status == 200, "\(response.text)")
        return try response.json()
    }

    private func namespaces(_ view: JSONValue) -> [String] {
        (view.value(at: "namespaces.items")?.arrayValue ?? []).compactMap {
            $0["namespace"]?.stringValue
        }
    }

    @Test("each part takes the right of what it shows, in the namespace that it shows")
    func rights() async throws {
        let guarded = try await Guarded.start(["CATALOG_NAMESPACES": "red,blue"])
        let cluster = guarded.cluster
        cluster.allow(user: "root", ["*"], on: ["*"])
        cluster.allow(user: "reader", ["list", "get"], on: ["assets"], in: "red")
        cluster.allow(user: "auditor", ["list"], on: ["audit"], in: "red")
        for namespace in ["red", "blue"] {
            let made = try await guarded.server.client.post(
                Catalog.agents.list,
                headers: ["X-Remote-User": "root", "X-Namespace": namespace],
                json: ["name": .string("secret-of-\(namespace)")])
            try #require(made.status == 201)
            _ = try await guarded.server.client.hit(
                Catalog.agents.list,
                headers: ["X-Remote-User": "root", "X-Namespace": namespace])
        }
        // The page is open, its figures take a name.
        #expect(try await guarded.send("GET", "/ui", as: nil, in: nil).status == 200)
        #expect(try await guarded.send("GET", Self.events, as: nil, in: "red").status == 403)

        let all = try await view(guarded, as: "root", in: "red")
        #expect(namespaces(all) == ["red", "blue"])
        #expect(all.value(at: "audit.items")?.arrayValue?.count == 1)

        let reader = try await view(guarded, as: "reader", in: "red")
        #expect(namespaces(reader) == ["red"])
        #expect(reader.value(at: "replicas.items")?.arrayValue?.count == 1)
        #expect(reader["jobs"] == ["refused": "jobs/list"])
        #expect(reader["audit"] == ["refused": "audit/list"])

        let foreign = try await view(guarded, as: "reader", in: "blue")
        #expect(foreign["replicas"] == ["refused": "assets/list"])
        #expect(foreign["audit"] == ["refused": "audit/list"])
        #expect(!namespaces(foreign).contains("blue"))

        let auditor = try await view(guarded, as: "auditor", in: "red")
        #expect(auditor.value(at: "audit.items")?.arrayValue?.count == 1)
        #expect(auditor["replicas"] == ["refused": "assets/list"])
        #expect(namespaces(auditor).isEmpty)
        try await guarded.server.kill()
    }

    @Test("a right that ends ends what a stream shows")
    func revoked() async throws {
        let guarded = try await Guarded.start(["CATALOG_AUTHZ_CACHE_TTL_MS": "100"])
        guarded.cluster.allow(user: "guest", ["list"], on: ["audit"], in: "red")
        let stream = try await EventStream.open(
            Self.events, port: guarded.server.port,
            headers: ["X-Remote-User": "guest", "X-Namespace": "red"])
        #expect(try await stream.next("audit")?["items"]?.arrayValue == [])
        guarded.cluster.revoke(user: "guest")
        #expect(try await stream.next("audit")?.data == ["refused": "audit/list"])
        try await guarded.server.kill()
    }
}
