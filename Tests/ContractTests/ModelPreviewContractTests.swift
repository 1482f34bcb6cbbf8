import CatalogModel
import TestSupport
import Testing

/// Section 1.5: the preview of a source.
@Suite("Previews of sources", .turns, .timeLimit(.minutes(5)))
struct ModelPreviewContractTests {
    private static let path = "\(Catalog.model.base)/sources/preview"
    /// The role guard lets everybody preview, the cluster those who may create sources.
    private static let caller = ContractMode.current == .sar ? asOperator : [:]
    private static let data = """
        source: Try
        models:
          - name: acme/one
          - name: acme/two-beta
          - name: other/three
        """

    private static func form(_ parts: KeyValuePairs<String, String>) -> [UInt8] {
        let text = parts.map { name, content in
            "--b0undary\r\nContent-Disposition: form-data; name=\"\(name)\"; "
                + "filename=\"\(name).yaml\"\r\nContent-Type: text/yaml\r\n\r\n\(content)\r\n"
        }.joined()
        return Array("\(text)--b0undary--\r\n".utf8)
    }

    private func preview(
        _ parts: KeyValuePairs<String, String>, _ query: String = ""
    ) async throws -> HTTPResponse {
        try await SharedServer.get().client.send(
            "POST", Self.path + query,
            headers: Self.caller.merging([
                "Content-Type": "multipart/form-data; boundary=b0undary"
            ]) { $1 }, body: Self.form(parts))
    }

    private static let config = """
        type: yaml
        includedModels: ["acme/*"]
        excludedModels: ["*-beta"]
        """

    @Test("models are shown with what the patterns make of them, and counted")
    func items() async throws {
        let response = try await preview(["config": Self.config, "catalogData": Self.data])
        #expect(response.status == 200, "\(response.text)")
        #expect(
            try response.items() == [
                ["name": "acme/one", "included": true],
                ["name": "acme/two-beta", "included": false],
                ["name": "other/three", "included": false],
            ])
        let summary: JSONValue = ["totalModels": 3, "includedModels": 1, "excludedModels": 2]
        #expect(try response.body("summary") == summary)
        #expect(try response.body("size")?.intValue == 3)
        for (status, count) in [("all", 3), ("included", 1), ("excluded", 2)] {
            let part = try await preview(
                ["config": Self.config, "catalogData": Self.data], "?filterStatus=\(status)")
            #expect(try part.items().count == count)
            #expect(try part.body("summary") == summary)
        }
    }

    @Test("pages show each model once")
    func pages() async throws {
        var names: [String] = []
        var query = "?pageSize=1"
        for _ in 0..<3 {
            let page = try await preview(
                ["config": Self.config, "catalogData": Self.data], query)
            names += try page.names()
            query = "?pageSize=1&nextPageToken=\(try page.nextToken() ?? "")"
        }
        #expect(names == ["acme/one", "acme/two-beta", "other/three"])
    }

    @Test("bad requests are 400, bad configurations and data 422")
    func errors() async throws {
        let cases: [(KeyValuePairs<String, String>, String, Int)] = [
            (["catalogData": Self.data], "", 400),
            (["config": Self.config, "catalogData": Self.data], "?filterStatus=some", 400),
            (["config": Self.config, "catalogData": Self.data], "?pageSize=0", 400),
            (["config": "includedModels: []", "catalogData": Self.data], "", 422),
            (["config": "type: ftp", "catalogData": Self.data], "", 422),
            (["config": "type: yaml\nexcludedModels: ['']", "catalogData": Self.data], "", 422),
            (["config": "type: [", "catalogData": Self.data], "", 422),
            (["config": Self.config, "catalogData": "models: [{nme: x}]"], "", 422),
            (["config": Self.config], "", 422),
        ]
        for (parts, query, status) in cases {
            let response = try await preview(parts, query)
            #expect(response.status == status, "\(parts) \(query): \(response.text)")
            #expect(
                try response.body("code")?.stringValue
                    == (status == 400 ? "Bad Request" : "Unprocessable Content"))
        }
        let client = try await SharedServer.get().client
        let plain = try await client.post(
            Self.path, headers: Self.caller, json: ["type": "yaml"])
        #expect(plain.status == 400)
        let read = try await client.get(Self.path)
        #expect(read.status == ContractMode.current.unrouted(405))
    }

    @Test("files beside the sources may be named, no others, and no addresses are called")
    func paths() async throws {
        let path = "type: yaml\nproperties: {yamlCatalogPath: data/models-validated.yaml}"
        let found = try await preview(["config": path], "?pageSize=100")
        #expect(found.status == 200, "\(found.text)")
        #expect(try found.items().count > 3)
        let wins = try await preview(["config": path, "catalogData": Self.data])
        #expect(try wins.items().count == 3)
        for outside in ["/etc/passwd", "../../../../../../etc/passwd", "../Package.swift"] {
            let config = "type: yaml\nproperties: {yamlCatalogPath: \(outside)}"
            let refused = try await preview(["config": config])
            #expect(refused.status == 422)
            #expect(!refused.text.contains("root:"))
        }
        let address =
            "type: yaml\nurl: http://127.0.0.1:1/\nproperties: {url: 'http://127.0.0.1:1/'}"
        #expect(try await preview(["config": address, "catalogData": Self.data]).status == 200)
        let tenant = try await Tenant.fresh()
        let foreign = try await tenant.client.send(
            "POST", Self.path,
            headers: tenant.headers([
                "Content-Type": "multipart/form-data; boundary=b0undary"
            ]), body: Self.form(["config": path]))
        #expect(foreign.status == 422)
    }
}
