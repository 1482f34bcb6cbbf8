import CatalogModel
import TestSupport
import Testing

@Suite("Health", .turns, .timeLimit(.minutes(5)))
struct HealthContractTests {
    @Test("is alive under both names", arguments: ["/livez", "/healthz"])
    func alive(path: String) async throws {
        let response = try await SharedServer.get().client.get(path)
        #expect(response.status == 200)
        #expect(try response.body("status") == "alive")
        let uptime = try #require(try response.body("uptime")?.stringValue)
        #expect(try Regex("([0-9]+h)?([0-9]+m)?[0-9]+s").wholeMatch(in: uptime) != nil)
    }

    @Test("is ready with every component")
    func ready() async throws {
        let response = try await SharedServer.get().client.get("/readyz")
        #expect(response.status == 200)
        let expected: JSONValue = [
            "status": "ready",
            "components": [
                "database": ["status": "up"], "initial_load": ["status": "complete"],
                "plugins": ["status": "healthy", "details": "all 8 plugins healthy"],
                "leader_election": ["status": "not_configured"],
            ],
        ]
        #expect(try response.json() == expected)
    }

    @Test("listens before the load has ended and shows that it is pending")
    func pending() async throws {
        let server = try await ServerProcess.start()
        var sawPending = false
        while true {
            let response = try await server.client.get("/readyz")
            #expect(response.status == 200 || response.status == 503)
            #expect(try await server.client.get("/livez").status == 200)
            let isReady = response.status == 200
            #expect(try response.body("status") == (isReady ? "ready" : "not_ready"))
            if isReady { break }
            if try response.body("components.initial_load.status") == "pending" {
                sawPending = true
            }
        }
        #expect(sawPending)
        _ = try await server.terminate()
    }

    @Test("shows the metrics in Prometheus text")
    func metrics() async throws {
        let server = try await SharedServer.get()
        let response = try await server.client.get("/metrics")
        #expect(response.status == 200)
        #expect(response.header("Content-Type")?.hasPrefix("text/plain") == true)
        let label = "[a-z_]+=\"[^\"]*\""
        let series = try Regex("[a-z_]+(\\{\(label)(,\(label))*\\})? [-+0-9.eInfNa]+")
        for line in response.text.split(separator: "\n") where !line.hasPrefix("# ") {
            #expect(try series.wholeMatch(in: line) != nil, "\(line)")
        }
        #expect(response.text.contains("# TYPE catalog_http_requests_total counter"))
        _ = try await server.client.get("/livez")
        let count = try await server.metric(
            "catalog_http_requests_total", ["endpoint": "health", "status": "2xx"])
        #expect(try #require(count) >= 1)
    }
}
