import CatalogModel
import TestSupport
import Testing

@Suite("Bodies and permissions of writes", .turns, .timeLimit(.minutes(5)))
struct BodyContractTests {
    private func mutations(_ catalog: Catalog) -> [(String, String)] {
        [
            ("POST", catalog.list), ("POST", "\(catalog.list):batch"),
            ("PUT", "\(catalog.list)/x"), ("PATCH", "\(catalog.list)/x"),
            ("DELETE", "\(catalog.list)/x"), ("POST", "\(catalog.base)/management/refresh"),
            ("POST", "\(catalog.base)/management/refresh/some-source"),
        ]
    }

    @Test("who is no operator may change nothing", arguments: Catalog.all)
    func forbidden(catalog: Catalog) async throws {
        let tenant = try await Tenant.fresh()
        for (method, path) in mutations(catalog) {
            for role in ["viewer", "admin", "", "operators", "operator,viewer"] {
                let response = try await tenant.client.send(
                    method, path, headers: ["X-Namespace": tenant.namespace, "X-User-Role": role],
                    body: Array("{}".utf8))
                #expect(response.status == 403, "\(method) \(path) \(role)")
                #expect(try response.isRefusal())
                #expect(response.header("Content-Type") == "application/json")
            }
            let none = try await tenant.client.send(
                method, path, headers: ["X-Namespace": tenant.namespace])
            #expect(none.status == 403)
        }
    }

    @Test("permission is refused before the body is read")
    func forbiddenBeforeBody() async throws {
        let tenant = try await Tenant.fresh()
        // The body never comes, and the answer does.
        let request = """
            POST \(Catalog.agents.list) HTTP/1.1\r
            Host: x\r
            X-Namespace: \(tenant.namespace)\r
            Content-Length: 900000\r
            \r

            """
        let (received, _) = try await tenant.client.raw(
            Array(request.utf8), timeout: .seconds(10), enough: 12)
        #expect(String(decoding: received, as: UTF8.self).hasPrefix("HTTP/1.1 403 "))
        let malformed = try await tenant.client.post(
            Catalog.agents.list, headers: ["X-Namespace": tenant.namespace], body: "{")
        #expect(malformed.status == 403)
    }

    @Test(
        "the operator's role is known in any case",
        arguments: ["operator", "OPERATOR", " Operator "])
    func role(role: String) async throws {
        let tenant = try await Tenant.fresh()
        let response = try await tenant.post(
            Catalog.agents.list, ["name": "x"], ["X-User-Role": role])
        #expect(response.status == 201)
    }

    @Test("malformed JSON is refused", arguments: Catalog.all)
    func malformed(catalog: Catalog) async throws {
        let tenant = try await Tenant.fresh()
        let bodies = [
            "", " ", "{", "}", "{\"name\"}", "{\"name\":\"x\",}", "{'name':'x'}",
            "{\"name\":\"x\"} x",
            "nul", "{\"name\":\"x\" \"y\":1}", "\u{FEFF}{\"name\":\"x\"}", "{\"name\":\"x\u{1}\"}",
            "{\"a\":01}", "{\"a\":1e999}", "{\"a\":NaN}", "{\"name\":\"\\u0000\"}",
            "{\"name\":\"a\\ud800\"}", "{\"name\":\"x\",\"name\":\"y\"}",
            "{\"name\":\"x\",\"n\\u0061me\":\"x\"}",
            String(repeating: "[", count: 100_000),
            "{\"name\":\"x\",\"customProperties\":" + String(repeating: "{\"a\":", count: 200) + "1"
                + String(repeating: "}", count: 201),
        ]
        for body in bodies {
            for (method, path) in [
                ("POST", catalog.list), ("PUT", "\(catalog.list)/x"),
                ("PATCH", "\(catalog.list)/x"), ("POST", "\(catalog.list):batch"),
            ] {
                let response = try await tenant.client.send(
                    method, path, headers: tenant.headers(), body: Array(body.utf8))
                #expect(response.status == 400, "\(method) \(path) \(body.prefix(60))")
                let key = catalog.convention == .model ? "message" : "error"
                #expect(try response.body(key)?.stringValue?.isEmpty == false)
                #expect(response.header("Content-Type") == catalog.contentType)
            }
        }
        let invalid = try await tenant.client.send(
            "POST", catalog.list, headers: tenant.headers(),
            body: Array("{\"name\":\"".utf8) + [0xFF, 0xFE] + Array("\"}".utf8))
        #expect(invalid.status == 400)
        #expect(try await tenant.get(catalog.list).items().isEmpty)
    }

    @Test("documents that do not fit their kind are refused", arguments: Catalog.all)
    func invalid(catalog: Catalog) async throws {
        let tenant = try await Tenant.fresh()
        let good: JSONObject =
            catalog.convention == .mcp ? ["name": "x", "deploymentMode": "local"] : ["name": "x"]
        let changes: [(String, JSONValue?)] = [
            ("name", nil), ("name", 5), ("name", ""), ("name", .null),
            ("name", .string(String(repeating: "n", count: 5_000))),
            ("description", 5), ("unknownField", "x"), ("customProperties", "x"),
            ("customProperties", [1]),
        ]
        for (key, value) in changes {
            var document = good
            document[key] = value
            let response = try await tenant.post(catalog.list, .object(document))
            #expect(response.status == 400, "\(key): \(response.text)")
            #expect(response.header("X-Catalog-Error") == "bad_request")
        }
        for document in [[], "x", 5, nil, true] as [JSONValue] {
            #expect(try await tenant.post(catalog.list, document).status == 400)
            #expect(try await tenant.patch("\(catalog.list)/x", document).status == 400)
        }
        #expect(try await tenant.get(catalog.list).items().isEmpty)
        #expect(try await tenant.post(catalog.list, .object(good)).status == 201)
        let patched = try await tenant.patch("\(catalog.list)/x", ["unknownField": 1])
        #expect(patched.status == 400)
        let renamed = try await tenant.patch("\(catalog.list)/x", ["name": "y"])
        #expect(renamed.status == 400)
        let nameless = try await tenant.patch("\(catalog.list)/x", ["name": nil])
        #expect(nameless.status == 400)
    }

    @Test("options of a field are kept")
    func options() async throws {
        let tenant = try await Tenant.fresh()
        let bad = try await tenant.post(
            Catalog.mcp.list, ["name": "x", "deploymentMode": "elsewhere"])
        #expect(bad.status == 400)
        let missing = try await tenant.post(Catalog.mcp.list, ["name": "x"])
        #expect(missing.status == 400)
        let number = try await tenant.post(
            Catalog.knowledge.list, ["name": "x", "documentCount": 1.5])
        #expect(number.status == 400)
    }

    @Test("a body of more than one mebibyte is too large")
    func tooLarge() async throws {
        let tenant = try await Tenant.fresh()
        func body(_ count: Int) -> [UInt8] {
            let frame = "{\"name\":\"x\",\"description\":\"\"}"
            let text = String(repeating: "a", count: count - frame.utf8.count)
            return Array("{\"name\":\"x\",\"description\":\"\(text)\"}".utf8)
        }
        let large = try await tenant.client.send(
            "POST", Catalog.agents.list, headers: tenant.headers(), body: body((1 << 20) + 1))
        #expect(large.status == 413)
        #expect(large.header("X-Catalog-Error") == "payload_too_large")
        #expect(try large.body("error")?.stringValue?.isEmpty == false)
        let fits = try await tenant.client.send(
            "POST", Catalog.agents.list, headers: tenant.headers(), body: body((1 << 20) - 100))
        #expect(fits.status == 201, "\(fits.text.prefix(200))")
    }

    @Test("a chunked body is read, bounded, and refused where it breaks")
    func chunked() async throws {
        let tenant = try await Tenant.fresh()
        func send(_ body: String) async throws -> String {
            let headers = tenant.headers([
                "Host": "x", "Connection": "close", "Transfer-Encoding": "chunked",
            ])
            let lines = try await tenant.client.lines(headers, to: Catalog.agents.list)
            let head = "POST \(Catalog.agents.list) HTTP/1.1\r\n\(lines)\r\n"
            let (received, _) = try await tenant.client.raw(
                Array((head + body).utf8), timeout: .seconds(10), enough: 12)
            return String(decoding: received.prefix(12), as: UTF8.self)
        }
        #expect(try await send("6\r\n{\"name\r\n6\r\n\":\"x\"}\r\n0\r\n\r\n") == "HTTP/1.1 201")
        #expect(try await send("zz\r\n") == "HTTP/1.1 400")
        let chunk = "10000\r\n\(String(repeating: "a", count: 65_536))\r\n"
        let large = String(repeating: chunk, count: 17) + "0\r\n\r\n"
        #expect(try await send(large) == "HTTP/1.1 413")
    }

    @Test("numbers and text survive as they were written")
    func lossless() async throws {
        let tenant = try await Tenant.fresh()
        let custom =
            "{\"big\":12345678901234567890,\"deep\":{\"a\":[1,2.50,1e3,-0.1]},"
            + "\"text\":\"\u{1F600} \\\"quoted\\\" \\\\ \\u00e9\\n\"}"
        let created = try await tenant.client.send(
            "POST", Catalog.agents.list, headers: tenant.headers(),
            body: Array("{\"name\":\"x\",\"customProperties\":\(custom)}".utf8))
        #expect(created.status == 201, "\(created.text)")
        let read = try await tenant.get("\(Catalog.agents.list)/x")
        #expect(read.text.contains("12345678901234567890"))
        #expect(
            try read.body("customProperties.text")?.stringValue
                == "\u{1F600} \"quoted\" \\ \u{e9}\n")
        let numbers = try read.body("customProperties.deep.a")?.arrayValue?.map(\.doubleValue)
        #expect(numbers == [1, 2.5, 1000, -0.1])
    }

    @Test("names of every script are stored, listed and fetched")
    func names() async throws {
        let tenant = try await Tenant.fresh()
        let names = [
            "a b", "ä/ö", "名前", "a%2Fb", "x?y", "x#y", "a+b", "a&b=c", "'; --", "\u{1F600}",
        ]
        for name in names {
            let response = try await tenant.post(Catalog.agents.list, ["name": .string(name)])
            #expect(response.status == 201, "\(name): \(response.text)")
            let read = try await tenant.get("\(Catalog.agents.list)/\(encoded(name))")
            #expect(read.status == 200, "\(name)")
            #expect(try read.body("name")?.stringValue == name)
            let found = try await tenant.get(
                target(
                    Catalog.agents.list,
                    ["filterQuery": "name = '\(name.replacing("'", with: "\\'"))'"]))
            #expect(try found.names() == [name])
        }
        #expect(Set(try await tenant.get(Catalog.agents.list).names()) == Set(names))
    }
}
