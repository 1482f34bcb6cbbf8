import CatalogModel
import TestSupport
import Testing

@Suite("The description of the interface over HTTP", .turns, .timeLimit(.minutes(2)))
struct InterfaceContractTests {
    @Test("openapi.json is served to everybody, with a tag, and names every plugin")
    func document() async throws {
        let client = try await SharedServer.get().client
        let response = try await client.get("/openapi.json")
        #expect(response.status == 200)
        #expect(response.header("Content-Type") == "application/json")
        let document = try response.json()
        #expect(document["openapi"]?.stringValue == "3.1.0")
        let paths = try #require(document["paths"]?.objectValue)
        let plugins = try await client.get("/api/plugins").json()["plugins"]?.arrayValue ?? []
        #expect(plugins.count == 8)
        for plugin in plugins {
            let base = try #require(plugin["basePath"]?.stringValue)
            #expect(paths.keys.contains { $0.hasPrefix(base) }, "\(base)")
        }
        let tag = try #require(response.header("ETag"))
        let again = try await client.get("/openapi.json", headers: ["If-None-Match": tag])
        #expect(again.status == 304)
        #expect(again.body.isEmpty)
    }

    @Test("the page is HTML, and neither takes other methods")
    func page() async throws {
        let client = try await SharedServer.get().client
        let response = try await client.get("/docs")
        #expect(response.status == 200)
        #expect(response.header("Content-Type") == "text/html; charset=utf-8")
        for path in ["/docs", "/openapi.json"] {
            let refused = try await client.post(path, body: "{}")
            #expect(refused.status == 405)
            #expect(refused.header("Allow") == "GET, HEAD")
        }
    }
}
