import CatalogModel
import TestSupport
import Testing

/// Whom a server asks that has not been told whom it may ask.
@Suite("Addresses of sources", .turns, .timeLimit(.minutes(5)))
struct SourceAddressContractTests {
    @Test(
        "addresses that only the server sees are refused before anything is asked",
        arguments: [
            "https://127.0.0.1/", "https://127.9.9.9:8080/", "https://[::1]/", "https://10.0.0.1/",
            "https://192.168.1.1/", "https://172.16.0.1/", "https://169.254.169.254/latest",
            "https://[fe80::1]/", "https://[fd00::1]/", "https://[::ffff:127.0.0.1]/",
            "https://0.0.0.0/", "https://100.64.0.1/", "https://[64:ff9b::7f00:1]/",
        ])
    func privateAddresses(url: String) async throws {
        let manager = SourceClient(try await Tenant.fresh(), .agents)
        let git = try await manager.apply("g", type: "git", ["repoUrl": .string(url + "r.git")])
        let web = try await manager.apply("w", type: "http", ["url": .string(url)])
        let hub = SourceClient(manager.tenant, .model)
        let model = try await hub.apply(
            "h", type: "hf", ["url": .string(url), "includedModels": ["acme/one"]])
        for response in [git, web, model] {
            #expect(response.status == 422, "\(response.text)")
            #expect(response.text.contains("has no public address"), "\(response.text)")
        }
    }

    @Test(
        "names and odd spellings of such addresses are refused once they are looked up",
        arguments: [
            "https://localhost/", "https://2130706433/", "https://127.1/", "https://0x7f.0.0.1/",
        ])
    func names(url: String) async throws {
        let manager = SourceClient(try await Tenant.fresh(), .agents)
        for (id, type, key) in [("w", "http", "url"), ("g", "git", "repoUrl")] {
            let info = try await manager.applied(id, type: type, [key: .string(url)])
            try await manager.expectFailure(info, "host_refused")
        }
    }

    @Test("without TLS nothing is asked")
    func plain() async throws {
        let manager = SourceClient(try await Tenant.fresh(), .agents)
        for (type, key) in [("http", "url"), ("git", "repoUrl")] {
            let refused = try await manager.apply(
                "p", type: type, [key: "http://catalogs.example.com/x"])
            #expect(refused.status == 422)
            #expect(refused.text.contains("TLS"), "\(refused.text)")
        }
    }

    @Test("a list that names hosts leaves no others, public ones neither")
    func closedList() async throws {
        let manager = SourceClient(try await ProviderSite.shared.value.tenant(), .agents)
        for host in ["https://8.8.8.8/", "https://[2001:4860:4860::8888]/", "https://10.0.0.1/"] {
            let refused = try await manager.apply("w", type: "http", ["url": .string(host)])
            #expect(refused.status == 422, "\(host)")
            #expect(refused.text.contains("is not in CATALOG_SOURCE_ALLOWED_HOSTS"))
        }
    }

    @Test(
        "a list that cannot be read stops the server",
        arguments: [
            ("CATALOG_SOURCE_ALLOWED_HOSTS", "https://host"),
            ("CATALOG_SOURCE_ALLOWED_HOSTS", "10.0.0.0/40"),
            ("CATALOG_SOURCE_ALLOWED_HOSTS", "file://relative"),
            ("CATALOG_SOURCE_ALLOWED_HOSTS", "a b"), ("HF_ENDPOINT", "ftp://hub"),
            ("CATALOG_SOURCE_CA_FILE", "/nowhere/ca.pem"),
        ])
    func badSettings(variable: String, value: String) async throws {
        let server = try await ServerProcess.launch(
            .init(environment: [variable: value], dsn: "host=/nowhere dbname=x"))
        #expect(try await server.waitForExit() > 0)
        #expect(await server.completeLog().contains(variable))
    }
}
