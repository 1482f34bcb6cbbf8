import CatalogModel
import TestSupport
import Testing

extension LiveTests {
    @Suite("The lane where the cluster decides", .serialized, .timeLimit(.minutes(5)))
    struct AccessTests {
        private static let agents = "/api/agents_catalog/v1alpha1/agents"
        private static let list = "\(agents)?pageSize=2&namespace=default"

        /// What a server answers to a user, without what differs from one answer to the next.
        private func ask(
            _ server: ServerProcess, _ target: String, as user: String?
        ) async throws -> (status: Int, text: String) {
            var head = "GET \(target) HTTP/1.1\r\nHost: h\r\n"
            if let user { head += "X-Remote-User: \(user)\r\n" }
            let end =
                "GET /api/tenancy/v1alpha1/namespaces HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            let (received, _) = try await server.client.raw(
                Array("\(head)\r\n\(end)".utf8), timeout: .seconds(10))
            let text = Transcript.normalised(received)
            return (Int(text.dropFirst(9).prefix(3)) ?? 0, text)
        }

        private func until(
            _ what: String, _ condition: () async throws -> Bool
        ) async throws {
            let end = ContinuousClock.now + .seconds(25)
            while try await !condition() {
                try #require(ContinuousClock.now < end, "\(what)")
                try await Task.sleep(for: .milliseconds(20))
            }
        }

        @Test("a hit needs the grant, as long as it is given, by whichever way")
        func grants() async throws {
            let cluster = try await KubernetesDouble.start()
            cluster.allow(user: "alice", ["get", "list"], on: ["assets"], in: "default")
            cluster.allow(user: "getter", ["get"], on: ["assets"], in: "default")
            func server(_ mode: String, _ dsn: String?) async throws -> ServerProcess {
                let settings = [
                    "CATALOG_FAST_LANE": mode, "CATALOG_TENANCY_MODE": "namespace",
                    "CATALOG_AUTHZ_MODE": "sar",
                ]
                return try await ServerProcess.ready(
                    .init(environment: cluster.environment.merging(settings) { $1 }, dsn: dsn))
            }
            let lane = try await server("bytes", nil)
            let router = try await server("off", lane.dsn)
            let name = try #require(
                try await lane.client.get(Self.list, headers: ["X-Remote-User": "alice"])
                    .json()["items"]?.arrayValue?.first?["name"]?.stringValue)
            let get = "\(Self.agents)/\(name)?namespace=default"

            for target in [get, Self.list] {
                try await until("\(target) stays cold") {
                    let before = try await LaneServers.answered(lane)
                    _ = try await ask(lane, target, as: "alice")
                    return try await LaneServers.answered(lane) > before
                }
                try await until("\(target) stays cold") {
                    try await ask(router, target, as: "alice").text.contains("X-Cache: HIT")
                }
                for user in ["alice", "getter", "nobody", "anonymous", nil] {
                    let (one, other) = (
                        try await ask(lane, target, as: user),
                        try await ask(router, target, as: user)
                    )
                    #expect(one.text == other.text, "\(target) as \(user ?? "nobody")")
                    let isAllowed = user == "alice" || user == "getter" && target == get
                    #expect(one.status == (isAllowed ? 200 : 403), "\(target) as \(user ?? "-")")
                }
            }

            // Asking all the time does not keep a decision alive.
            cluster.revoke(user: "alice")
            for target in [get, Self.list] {
                for server in [lane, router] {
                    try await until("\(target) is answered after the grant was taken back") {
                        try await ask(server, target, as: "alice").status == 403
                    }
                }
            }
            #expect(try await ask(lane, get, as: "getter").status == 200)
        }
    }
}
