import CatalogModel
import NIOHTTP1
import TestSupport
import Testing

extension LiveTests {
    @Suite("Polls over HTTP/2", .serialized, .timeLimit(.minutes(5)))
    struct PollTests {
        private static let changes = "/api/changes/v1alpha1?namespace=default"

        /// The client's window takes a small part of the answer: the rest waits in the server.
        @Test("an answer that was waited for comes whole")
        func whole() async throws {
            let client = try await SecureServers.get().bytes.http2
            let text = String(repeating: "x", count: 900_000)
            for round in 0..<3 {
                let head = try JSONParser.parse(
                    Array(try await client.get(Self.changes).text.utf8))
                let place = try #require(head["cursor"]?.stringValue)
                async let waiting = client.get(
                    "\(Self.changes)&from=\(place)&wait=20&include=body&plugin=agents")
                // Asked later on the same connection, answered before.
                for _ in 0..<20 { #expect(try await client.get("/livez").status == 200) }
                let written = try await client.get(
                    "/api/agents_catalog/v1alpha1/agents/polled-\(round)?namespace=default",
                    [("X-User-Role", "operator")], method: .PUT,
                    body: #"{"name":"polled-\#(round)","description":"\#(text)"}"#)
                #expect(written.status < 300, "\(written.text)")
                let answer = try await waiting
                #expect(answer.status == 200 && answer.version == .http2)
                #expect(answer.text.contains(text) && answer.text.hasSuffix("}\n"))
            }
        }
    }
}
