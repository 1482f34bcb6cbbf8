import CatalogModel
import TestSupport
import Testing

/// Section 4.4: sources of type `http`, from a web server on this machine.
@Suite("Sources from web servers", .turns, .timeLimit(.minutes(5)))
struct HTTPSourceContractTests {
    private func site(
        _ catalog: Catalog = .skills
    ) async throws -> (SourceClient, WebServer) {
        let site = try await ProviderSite.shared.value
        return (SourceClient(site.tenant(), catalog), try await WebServer.start())
    }

    @Test("every plugin loads a text", arguments: Catalog.all)
    func load(catalog: Catalog) async throws {
        let (manager, web) = try await site(catalog)
        let text = manager.text(["one", "two"])
        web.answer { $0.path == "/c.yaml" ? .text(text) : .text("", status: 404) }
        let info = try await manager.applied(
            "web", type: "http", ["url": .string("\(web.url)/c.yaml")])
        #expect(info["type"] == "http")
        #expect(info.value(at: "status.state") == "available", "\(info)")
        #expect(info.value(at: "status.entityCount") == 2)
        #expect(try await manager.names() == ["one", "two"])
    }

    @Test(
        "a text with the known tag is not sent again and nothing is written; another one is taken")
    func tags() async throws {
        let (manager, web) = try await site()
        let (first, second) = (manager.text(["one"]), manager.text(["one", "two"]))
        func serve(_ text: String, _ tag: String) {
            web.answer { request in
                request.header("if-none-match") == tag
                    ? .reply(304, ["ETag": tag], []) : .text(text, ["ETag": tag])
            }
        }
        serve(first, "\"1\"")
        _ = try await manager.applied("web", type: "http", ["url": .string("\(web.url)/c.yaml")])
        let revision = try await manager.tenant.get(manager.catalog.list).header(
            "X-Catalog-Revision")
        let again = try await manager.refreshed("web")
        #expect(again.value(at: "status.state") == "available")
        #expect(again.value(at: "status.entityCount") == 1)
        #expect(web.requests.last?.header("if-none-match") == "\"1\"")
        #expect(
            try await manager.tenant.get(manager.catalog.list).header("X-Catalog-Revision")
                == revision)
        serve(second, "\"2\"")
        _ = try await manager.refreshed("web")
        #expect(try await manager.names() == ["one", "two"])
    }

    @Test("a failing server leaves what was loaded, and its failure has a stable code")
    func failures() async throws {
        let (manager, web) = try await site()
        let good = manager.text(["one", "two"])
        web.answer { _ in .text(good) }
        _ = try await manager.applied("web", type: "http", ["url": .string("\(web.url)/c.yaml")])
        let large = String(repeating: "# padding\n", count: ProviderSite.maxBytes / 10 + 1)
        let cases: [(WebServer.Answer, String)] = [
            (.text("", status: 500), "source_unavailable"),
            (.text("", status: 429), "source_unavailable"),
            (.text("", status: 404), "not_found"), (.text("", status: 401), "unauthorized"),
            (.text("", status: 403), "unauthorized"), (.text("", status: 418), "bad_answer"),
            (.text(good + large), "too_large"), (.hang, "timeout"),
            (.stall(Array(good.utf8)), "timeout"), (.drop, "unreachable"),
            (.text("skills: [\n"), "yaml_syntax"), (.text("skills: [{nme: x}]"), "invalid_entity"),
            (.reply(200, [:], [0xFF, 0xFE]), "unreadable"),
            (.text("", status: 302, ["Location": "http://169.254.169.254/c"]), "host_refused"),
            (.text("", status: 302, ["Location": "ftp://127.0.0.1/c"]), "bad_answer"),
        ]
        for (answer, code) in cases {
            web.answer { _ in answer }
            try await manager.expectFailure(await manager.refreshed("web"), code)
            #expect(try await manager.names() == ["one", "two"], "\(code)")
        }
        web.answer { _ in .text(good) }
        let well = try await manager.refreshed("web")
        #expect(well.value(at: "status.state") == "available")
        #expect(well.value(at: "status.errorCode") == nil)
        #expect(well.value(at: "status.error") == nil)
    }

    @Test("an answer that leads on is followed, but not for ever")
    func redirects() async throws {
        let (manager, web) = try await site()
        let text = manager.text(["one"])
        web.answer { request in
            switch request.path {
            case "/old": .text("", status: 301, ["Location": "/new"])
            case "/new": .text(text)
            default: .text("", status: 307, ["Location": "/loop"])
            }
        }
        _ = try await manager.applied("web", type: "http", ["url": .string("\(web.url)/old")])
        #expect(try await manager.names() == ["one"])
        let loop = try await manager.applied(
            "web", type: "http", ["url": .string("\(web.url)/loop")])
        try await manager.expectFailure(loop, "bad_answer")
        #expect(try await manager.names() == ["one"])
    }

    @Test("a source is loaded again when its interval is over")
    func interval() async throws {
        let (manager, web) = try await site()
        let (first, second) = (manager.text(["one"]), manager.text(["two"]))
        web.answer { _ in .text(first) }
        _ = try await manager.applied(
            "web", type: "http",
            ["url": .string("\(web.url)/c.yaml"), "syncInterval": "1s"])
        web.answer { _ in .text(second) }
        try await manager.waitForNames(["two"])
        _ = try await manager.tenant.delete("\(manager.base)/sources/web")
        for wrong: JSONValue in ["soon", "0s", "1", "-1h", 60] {
            let refused = try await manager.apply(
                "w", type: "http", ["url": .string(web.url), "syncInterval": wrong])
            #expect(refused.status == 422, "\(wrong)")
        }
    }

    @Test("patterns select, and a source without a usable address is refused")
    func settings() async throws {
        let (manager, web) = try await site()
        let text = manager.text(["keep-1", "keep-beta", "drop"])
        web.answer { _ in .text(text) }
        _ = try await manager.applied(
            "web", type: "http", ["url": .string(web.url)],
            more: ["includedItems": ["keep-*"], "excludedItems": ["*-beta"]])
        #expect(try await manager.names() == ["keep-1"])
        for properties: JSONObject in [
            [:], ["url": ""], ["url": 1], ["url": "ftp://host/x"], ["url": "https://"],
            ["url": "https://user:password@host/x"], ["url": "https://host:0/x"],
        ] {
            let refused = try await manager.apply("bad", type: "http", properties)
            #expect(refused.status == 422, "\(properties)")
            let layers = try refused.body("layerResults")?.arrayValue ?? []
            #expect(layers.last?["layer"] == "provider" && layers.last?["valid"] == false)
        }
        #expect(web.requests.count == 1)
    }

    @Test("a certificate has to be from a known authority")
    func authority() async throws {
        let site = try await ProviderSite.shared.value
        let web = try await WebServer.start(secure: true)
        let manager = SourceClient(site.tenant(), .skills)
        let text = manager.text(["one"])
        web.answer { _ in .text(text) }
        let properties: JSONObject = ["url": .string("\(web.url)/c.yaml")]
        let stranger = try await manager.applied("web", type: "http", properties)
        try await manager.expectFailure(stranger, "untrusted")
        #expect(web.requests.isEmpty)

        let trusting = try await ProviderSite.start([
            "CATALOG_SOURCE_CA_FILE": web.authorityPath,
            "CATALOG_SOURCE_ALLOWED_HOSTS": "127.0.0.0/8",
        ])
        let friend = SourceClient(trusting.tenant(), .skills)
        let known = try await friend.applied("web", type: "http", properties)
        #expect(known.value(at: "status.state") == "available", "\(known)")
        #expect(try await friend.names() == ["one"])
        // An answer over TLS must not lead on to one without.
        web.answer { _ in .text("", status: 302, ["Location": "http://127.0.0.1/c.yaml"]) }
        try await friend.expectFailure(await friend.refreshed("web"), "bad_answer")
        #expect(try await friend.names() == ["one"])
        // The list has no http:// before the network.
        let plain = try await friend.apply("plain", type: "http", ["url": "http://127.0.0.1/"])
        #expect(plain.status == 422)
        #expect(plain.text.contains("TLS"))
        _ = try await trusting.server.terminate()
    }
}
