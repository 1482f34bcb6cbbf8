import CatalogModel
import TestSupport
import Testing

@Suite("Rules for every request", .turns, .timeLimit(.minutes(5)))
struct GenericRulesContractTests {
    private static let reads =
        ["/livez", "/healthz", "/readyz", "/api/plugins", "/api/plugins/mcp/capabilities"]
        + ["/api/tenancy/v1alpha1/namespaces", "/api/audit/v1alpha1/events"]
        + ["/api/jobs/v1alpha1/refresh"] + Catalog.all.map(\.list)

    /// Why a test is not for the mode in which the cluster decides.
    private static let unrouted: Comment = "the cluster's table refuses what no route takes"

    @Test(
        "unknown paths are not found", .modes(.none, .jwt, because: unrouted),
        arguments: [
            "/", "/nope", "/api", "/api/", "/api/nope", "/api/nope/v1alpha1/x",
            "/api/agents_catalog", "/api/agents_catalog/v1alpha1", "/api/agents_catalog/v2/agents",
            "/api/agents_catalog/v1alpha1/nope", "/api/agents_catalog/v1alpha1/management",
            "/api/agents_catalog/v1alpha1/management/nope", "/api/plugins/mcp/nope",
            "/api/jobs/v1alpha1/nope", "/api/audit/v1alpha1/nope", "/livez/x",
            "/api/agents_catalog/v1alpha1/agents:nope", "//", "/%2e%2e/etc/passwd",
        ])
    func unknownPath(path: String) async throws {
        let response = try await SharedServer.get().client.get(path)
        #expect(response.status == 404)
        #expect(response.header("X-Request-ID") != nil)
        #expect(response.header("Cache-Control") == "no-store")
        #expect(response.header("X-Catalog-Error") == "not_found")
    }

    @Test(
        "a wrong method is answered with those allowed and nothing else",
        .modes(.none, .jwt, because: unrouted), arguments: reads)
    func wrongMethod(path: String) async throws {
        let response = try await SharedServer.get().client.send("DELETE", path)
        #expect(response.status == 405)
        #expect(response.body.count == 0)
        let allowed = try #require(response.header("Allow"))
        let methods = allowed.split(separator: ",").map { $0.drop { $0 == " " } }
        #expect(methods.contains("GET"))
        #expect(methods.contains("HEAD"))
        #expect(!methods.contains("DELETE"))
    }

    @Test(
        "a wrong method on mutations names theirs", .modes(.none, .jwt, because: unrouted))
    func wrongMethodOnMutations() async throws {
        let client = try await SharedServer.get().client
        let cases = [
            ("\(Catalog.agents.list):batch", "POST"),
            ("\(Catalog.agents.base)/management/refresh", "POST"),
            ("\(Catalog.agents.base)/management/refresh/agents-default", "POST"),
        ]
        for (path, allowed) in cases {
            let response = try await client.get(path)
            #expect(response.status == 405, "\(path)")
            #expect(response.header("Allow") == allowed)
        }
        let entity = try await client.post("\(Catalog.agents.list)/x", body: "{}")
        #expect(entity.status == 405)
        #expect(entity.header("Allow") == "GET, HEAD, PUT, PATCH, DELETE")
        let list = try await client.send("PATCH", Catalog.agents.list)
        #expect(list.header("Allow") == "GET, HEAD, POST")
    }

    @Test("every JSON body has its type and ends with a newline", arguments: reads)
    func contentType(path: String) async throws {
        let response = try await SharedServer.get().client.get(path)
        #expect(response.status == 200)
        #expect(response.text.last == "\n")
        _ = try response.json()
        let native = ["/mcpservers", "/models"].contains { path.hasSuffix($0) }
        let expected = native ? "application/json; charset=UTF-8" : "application/json"
        #expect(response.header("Content-Type") == expected)
    }

    @Test("the native routes of models and MCP servers name the encoding of errors too")
    func errorContentType() async throws {
        let client = try await SharedServer.get().client
        for catalog in Catalog.all {
            for path in ["\(catalog.list)/missing", "\(catalog.list)?filterQuery=%3D"] {
                let response = try await client.get(path)
                #expect((400..<500).contains(response.status))
                #expect(response.header("Content-Type") == catalog.contentType, "\(path)")
                #expect(response.text.last == "\n")
            }
        }
    }

    @Test("HEAD answers as GET does, without the body", arguments: reads)
    func head(path: String) async throws {
        let client = try await SharedServer.get().client
        if path.contains("_catalog") { _ = try await client.hit(path) }
        if path.hasPrefix("/api/plugins") { _ = try await client.get(path) }
        let connection = try await client.connect()
        let get = try await connection.get(path)
        let head = try await connection.send("HEAD", path)
        #expect(head.status == get.status)
        #expect(head.body.count == 0)
        for name in ["Content-Type", "ETag", "X-Cache", "Cache-Control", "Vary"] {
            #expect(head.header(name) == get.header(name), "\(name)")
        }
        if !path.contains("/audit/"), !path.hasSuffix("z") {
            #expect(head.header("Content-Length") == get.header("Content-Length"))
        }
        // The connection is still in step: no body was sent that nobody read.
        #expect(try await connection.get("/livez").status == 200)
    }

    @Test("HEAD of something missing is a 404 without a body")
    func headOfMissing() async throws {
        let response = try await SharedServer.get().client.head("\(Catalog.agents.list)/missing")
        #expect(response.status == 404)
        #expect(response.body.count == 0)
    }

    @Test("a request id is echoed, also under its other spelling and with errors")
    func requestID() async throws {
        let client = try await SharedServer.get().client
        for path in ["/livez", "/nope", "/api/plugins", "\(Catalog.agents.list)/missing"] {
            let response = try await client.get(
                path, headers: ["X-Request-Id": "id-1 x".filter { $0 != " " }])
            #expect(response.values(of: "X-Request-ID") == ["id-1x"])
        }
        let refused = try await client.send("PUT", "/livez", headers: ["X-Request-ID": "id-2"])
        #expect(refused.header("X-Request-ID") == "id-2")
    }

    @Test("a missing or unusable request id is replaced")
    func generatedRequestID() async throws {
        let client = try await SharedServer.get().client
        let first = try #require(try await client.get("/livez").header("X-Request-ID"))
        let second = try #require(try await client.get("/livez").header("X-Request-ID"))
        #expect(!first.isEmpty && first != second)
        for bad in [String(repeating: "a", count: 4_000), "a b", ""] {
            let response = try await client.get("/livez", headers: ["X-Request-ID": bad])
            #expect(response.status == 200)
            let id = try #require(response.header("X-Request-ID"))
            #expect(id != bad && !id.isEmpty)
        }
    }

    @Test(
        "a preflight names methods, headers and age", arguments: ["http://a.example", "https://b"])
    func preflight(origin: String) async throws {
        let response = try await SharedServer.get().client.options(
            "/api/plugins",
            headers: [
                "Origin": origin, "Access-Control-Request-Method": "PATCH",
                "Access-Control-Request-Headers": "X-Namespace",
            ])
        #expect(response.status == 200 || response.status == 204)
        let allowedOrigin = response.header("Access-Control-Allow-Origin")
        #expect(allowedOrigin == origin || allowedOrigin == "*")
        let methods = response.header("Access-Control-Allow-Methods") ?? ""
        for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            #expect(methods.contains(method))
        }
        let headers = response.header("Access-Control-Allow-Headers") ?? ""
        for name in [
            "Accept", "Authorization", "Content-Type", "X-CSRF-Token", "X-PINGOTHER",
            "X-Namespace",
        ] {
            #expect(headers.contains(name))
        }
        #expect(response.header("Access-Control-Max-Age") == "300")
        #expect(response.header("Access-Control-Allow-Credentials") == nil)
    }

    @Test("a page of any web origin may read answers and errors")
    func crossOrigin() async throws {
        let client = try await SharedServer.get().client
        for path in ["/api/plugins", "/nope", Catalog.mcp.list] {
            let response = try await client.get(path, headers: ["Origin": "https://ui.example"])
            #expect(response.header("Access-Control-Allow-Origin") == "https://ui.example")
            #expect(response.header("Access-Control-Expose-Headers")?.contains("Link") == true)
            #expect(response.header("Access-Control-Allow-Credentials") == nil)
        }
        let other = try await client.get("/api/plugins", headers: ["Origin": "file://x"])
        #expect(other.header("Access-Control-Allow-Origin") == nil)
        let none = try await client.get("/api/plugins")
        #expect(none.header("Access-Control-Allow-Origin") == nil)
    }

    @Test("every request is logged with its duration and id")
    func accessLog() async throws {
        let server = try await SharedServer.get()
        _ = try await server.client.get(
            "/livez?secret=1", headers: ["X-Request-ID": "logged-1", "X-Remote-User": "zoe"])
        let line = try await server.waitForLine { $0["requestId"]?.stringValue == "logged-1" }
        #expect(line["method"]?.stringValue == "GET")
        #expect(line["status"]?.intValue == 200)
        #expect(line["duration"]?.stringValue?.hasSuffix("ms") == true)
    }

    @Test("requests follow each other on one connection")
    func keepAlive() async throws {
        let connection = try await SharedServer.get().client.connect()
        let missing = ContractMode.current.unrouted(404)
        for path in ["/livez", "/nope", "/api/plugins", Catalog.agents.list, "/readyz"] {
            let response = try await connection.get(path)
            #expect(response.status == (path == "/nope" ? missing : 200))
        }
        #expect(!connection.isAtEnd)
    }

    @Test("a server that is asked to stop ends cleanly")
    func shutdown() async throws {
        let server = try await ServerProcess.readyInMode()
        let status = try await server.terminate()
        #expect(status == 0)
    }
}
