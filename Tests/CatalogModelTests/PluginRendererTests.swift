import CatalogModel
import Testing

@Suite("Public bodies of entities")
struct PluginRendererTests {
    @Test("catalog entities start with the name and end with the source")
    func catalogBody() throws {
        let document = try PluginFixture.object(
            #"{"extra":1,"version":"1","agentType":"router","name":"a","author":null}"#)
        let entity = try PluginFixture.entity("agents", document)
        var bytes: [UInt8] = []
        EntityRenderer.append(
            entity, document: document, kind: try PluginFixture.kind("agents"), to: &bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(
            text == #"{"name":"a","agentType":"router","version":"1","extra":1,"sourceId":"s1"}"#)
    }

    @Test("MCP servers carry an id and times as strings")
    func mcpBody() throws {
        let body = try PluginFixture.body("mcp", PluginFixture.mcp)
        #expect(
            body.keys == [
                "id", "name", "description", "createTimeSinceEpoch", "lastUpdateTimeSinceEpoch",
                "toolCount", "deploymentMode", "license", "verified", "customProperties",
                "sourceId",
            ])
        #expect(body["id"] == "7")
        #expect(body["createTimeSinceEpoch"] == "1000")
        #expect(body["lastUpdateTimeSinceEpoch"] == "2000")
        #expect(body["license"] == "Apache-2.0")
    }

    @Test("models show readable licenses and keep artifacts to themselves")
    func modelBody() throws {
        let body = try PluginFixture.body("model", PluginFixture.model)
        #expect(body.keys.prefix(3) == ["id", "name", "source_id"])
        #expect(body["license"] == "Apache 2.0")
        #expect(body["artifacts"] == nil)
        #expect(body["createTimeSinceEpoch"] == "1736899200000")
        #expect(body["lastUpdateTimeSinceEpoch"] == "2000")
        let validated = body["customProperties"]?["validated"]
        #expect(validated == ["string_value": "", "metadataType": "MetadataStringValue"])
    }

    @Test("what a stored document says of itself does not override the row")
    func rowWins() throws {
        let body = try PluginFixture.body("agents", #"{"name":"a","sourceId":"x","id":"9"}"#)
        #expect(body == ["name": "a", "sourceId": "s1"])
    }

    @Test(
        "license names",
        arguments: [
            ("apache-2.0", "Apache 2.0"), ("Apache-2.0", "Apache 2.0"), ("mit", "MIT"),
            ("cc-by-sa-4.0", "CC BY-SA 4.0"), ("Apache 2.0", "Apache 2.0"),
            ("house-license", "house-license"), ("", ""),
        ])
    func licenses(_ id: String, _ name: String) {
        #expect(LicenseName.readable(id) == name)
    }
}
