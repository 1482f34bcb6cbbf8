import CatalogModel
import TestSupport
import Testing

@Suite("Traces", .turns, .timeLimit(.minutes(5)))
struct TraceContractTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00-\(trace)-00f067aa0ba902b7-01"

    /// The number of the server's step in an answer's header.
    private func span(_ response: HTTPResponse) throws -> String {
        let header = try #require(response.header("traceparent"))
        let match = try #require(header.wholeMatch(of: /00-([0-9a-f]{32})-([0-9a-f]{16})-01/))
        #expect(String(match.1) == Self.trace)
        #expect(match.2 != "00f067aa0ba902b7", "a step of its own")
        return String(match.2)
    }

    @Test("an answer names the server's step of the client's trace, and the log has it")
    func answers() async throws {
        let server = try await ServerProcess.ready()
        let list = Catalog.agents.list
        _ = try await server.client.hit(list)
        let targets = [list, "/livez", "/nowhere", "\(list)?filterQuery=((", "/api/plugins"]
        for target in targets {
            let response = try await server.client.get(
                target, headers: ["traceparent": Self.parent])
            let span = try span(response)
            let line = try await server.waitForLine {
                $0["message"] == "request" && $0["spanId"]?.stringValue == span
            }
            #expect(line["traceId"]?.stringValue == Self.trace)
            #expect(line["path"]?.stringValue == target)
        }
        // The fast lane answers on connections that stay open.
        let before = try await server.metric("catalog_fast_lane_hits_total") ?? 0
        let connection = try await server.client.connect()
        let hit = try await connection.send(
            "GET", list, headers: ["traceparent": Self.parent], body: nil)
        #expect(hit.header("X-Cache") == "HIT")
        let span = try span(hit)
        #expect(try await server.metric("catalog_fast_lane_hits_total") ?? 0 > before)
        try await server.waitForLine {
            $0["cache"] == "HIT" && $0["spanId"]?.stringValue == span
        }
        try await server.terminate()
    }

    @Test(
        "without a trace that says something there is none",
        arguments: [nil, "00-1-2-03", "00-\(trace)-0000000000000000-01"])
    func absent(header: String?) async throws {
        let server = try await SharedServer.get()
        for target in [Catalog.agents.list, "/nowhere"] {
            let response = try await server.client.get(
                target, headers: header.map { ["traceparent": $0] } ?? [:])
            #expect(response.header("traceparent") == nil)
        }
    }

    @Test("audit events say in which trace they happened, successes and failures")
    func audit() async throws {
        let tenant = try await Tenant.fresh()
        let headers = ["traceparent": Self.parent, "tracestate": "vendor=1"]
        let path = "\(Catalog.agents.list)/traced"
        let created = try await tenant.put(path, ["version": "1"], headers)
        let refused = try await tenant.put(path, ["name": 7], headers)
        let lost = try await tenant.post("/api/nowhere", ["name": "x"], headers)
        let silent = try await tenant.delete(path)
        #expect([created.status, silent.status] == [201, 204] && refused.status >= 400)
        let events = Array(try await tenant.events().reversed())
        try #require(events.count == 4)
        for (event, response) in zip(events, [created, refused, lost]) {
            #expect(event.value(at: "metadata.traceId")?.stringValue == Self.trace)
            let span = try span(response)
            #expect(event.value(at: "metadata.spanId")?.stringValue == span)
        }
        #expect(events[3].value(at: "metadata.traceId") == nil)
        let verdict = try await tenant.get("/api/audit/v1alpha1/verify").json()
        #expect(verdict["valid"] == true)
    }

    @Test("a question to the cluster goes on with the trace")
    func outgoing() async throws {
        let guarded = try await Guarded.start()
        guarded.cluster.allow(user: "alice", ["*"], on: ["*"])
        let response = try await guarded.send(
            "GET", Catalog.agents.list, as: "alice", in: "team-a",
            ["traceparent": Self.parent, "tracestate": "vendor=1"])
        #expect(response.status == 200)
        let traces = guarded.cluster.traces
        #expect(traces.map(\.parent) == [response.header("traceparent")])
        #expect(traces.map(\.state) == ["vendor=1"])
        try await guarded.server.terminate()
    }
}
