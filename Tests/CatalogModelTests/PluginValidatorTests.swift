import CatalogModel
import Testing

@Suite("Validation of entity documents")
struct PluginValidatorTests {
    @Test("valid documents pass from both origins", arguments: PluginFixture.valid)
    func valid(_ plugin: String, _ text: String) throws {
        let document = try PluginFixture.object(text)
        let kind = try PluginFixture.kind(plugin)
        for origin in [EntityValidator.Origin.file, .request] {
            #expect(EntityValidator.validate(document, kind: kind, origin: origin) == [])
        }
    }

    @Test(
        "what is wrong is named with its place",
        arguments: [
            ("agents", #"{"description":"d"}"#, "name: required field is missing"),
            ("agents", #"{"name":null}"#, "name: required field is missing"),
            ("agents", #"{"name":""}"#, "name: must not be empty"),
            ("agents", #"{"name":5}"#, "name: expected string, found integer"),
            ("agents", #"{"name":"a","colour":1}"#, "colour: unknown field"),
            ("agents", #"{"name":"a","version":1.5}"#, "version: expected string, found number"),
            ("agents", #"{"name":"a","tools":{}}"#, "tools: expected array, found object"),
            ("agents", #"{"name":"a","tools":["x"]}"#, "tools[0]: expected object, found string"),
            (
                "agents", #"{"name":"a","tools":[{"timeout":"x"}]}"#,
                "tools[0].timeout: expected integer, found string"
            ),
            ("agents", #"{"name":"a","tools":[{"ref":"x"}]}"#, "tools[0].ref: unknown field"),
            (
                "agents", #"{"name":"a","modelConfig":{"fallbackModelRefs":[1]}}"#,
                "modelConfig.fallbackModelRefs[0]: expected string, found integer"
            ),
            (
                "agents", #"{"name":"a","inputSchema":[]}"#,
                "inputSchema: expected object, found array"
            ),
            (
                "guardrails", #"{"name":"a","riskCategories":"pii"}"#,
                "riskCategories: expected array, found string"
            ),
            (
                "knowledge", #"{"name":"a","documentCount":1.5}"#,
                "documentCount: expected integer, found number"
            ),
            ("skills", #"{"name":"a","riskLevel":"low"}"#, "riskLevel: unknown field"),
            ("skills", #"{"name":"a","safety":{"level":1}}"#, "safety.level: unknown field"),
            ("mcp", #"{"name":"a"}"#, "deploymentMode: required field is missing"),
            (
                "mcp", #"{"name":"a","deploymentMode":"cloud"}"#,
                #"deploymentMode: must be one of local, remote, hybrid, found "cloud""#
            ),
            (
                "mcp", #"{"name":"a","deploymentMode":"local","verified":"yes"}"#,
                "verified: expected boolean, found string"
            ),
            (
                "model", #"{"name":"a","artifacts":[{}]}"#,
                "artifacts[0].uri: required field is missing"
            ),
            (
                "model", #"{"name":"a","artifacts":[{"artifactType":"metrics-artifact"}]}"#,
                "artifacts[0].metricsType: required field is missing"
            ),
            (
                "model", #"{"name":"a","artifacts":[{"uri":"u","createTimeSinceEpoch":5}]}"#,
                "artifacts[0].createTimeSinceEpoch: expected string of milliseconds, found integer"
            ),
        ])
    func invalid(_ plugin: String, _ text: String, _ expected: String) throws {
        let errors = EntityValidator.validate(
            try PluginFixture.object(text), kind: try PluginFixture.kind(plugin))
        #expect(errors.map(\.description) == [expected])
    }

    @Test(
        "metadata values hold exactly what their type says",
        arguments: [
            (#"{"string_value":"x","metadataType":"MetadataStringValue"}"#, true),
            (#"{"int_value":"12","metadataType":"MetadataIntValue"}"#, true),
            (#"{"double_value":4,"metadataType":"MetadataDoubleValue"}"#, true),
            (#"{"bool_value":false,"metadataType":"MetadataBoolValue"}"#, true),
            (#"{"struct_value":"e30=","metadataType":"MetadataStructValue"}"#, true),
            (#""x""#, false), (#"{"string_value":"x"}"#, false),
            (#"{"metadataType":"MetadataStringValue"}"#, false),
            (#"{"string_value":"x","metadataType":"Text"}"#, false),
            (#"{"int_value":12,"metadataType":"MetadataIntValue"}"#, false),
            (#"{"int_value":"x","metadataType":"MetadataIntValue"}"#, false),
            (#"{"int_value":"1","string_value":"1","metadataType":"MetadataIntValue"}"#, false),
        ])
    func metadata(_ value: String, _ isValid: Bool) throws {
        let document = try PluginFixture.object(#"{"name":"m","customProperties":{"p":\#(value)}}"#)
        let errors = EntityValidator.validate(document, kind: try PluginFixture.kind("model"))
        #expect(errors.isEmpty == isValid)
        for error in errors { #expect(error.path == "customProperties.p") }
    }

    @Test("files may not load hybrid servers, requests may write them")
    func deploymentModes() throws {
        let document = try PluginFixture.object(#"{"name":"a","deploymentMode":"hybrid"}"#)
        let kind = try PluginFixture.kind("mcp")
        #expect(EntityValidator.validate(document, kind: kind) == [])
        let errors = EntityValidator.validate(
            document, kind: kind, origin: .file, prefix: "mcpservers[2]")
        #expect(errors.map(\.path) == ["mcpservers[2].deploymentMode"])
    }

    @Test("what the server sets is ignored in requests and removed before storing")
    func serverKeys() throws {
        let text = """
            {"id":"4","name":"a","sourceId":"s","source_id":"s","createTimeSinceEpoch":"1",
            "lastUpdateTimeSinceEpoch":"2"}
            """
        let document = try PluginFixture.object(text)
        let agents = try PluginFixture.kind("agents")
        #expect(EntityValidator.validate(document, kind: agents) == [])
        #expect(agents.strippingServerKeys(document) == ["name": "a"])
        let fromFile = EntityValidator.validate(document, kind: agents, origin: .file)
        #expect(
            fromFile.map(\.path) == ["id", "createTimeSinceEpoch", "lastUpdateTimeSinceEpoch"])
    }

    @Test("models keep the times of their file")
    func fileTimes() throws {
        let document = try PluginFixture.object(#"{"name":"a","createTimeSinceEpoch":"1"}"#)
        let kind = try PluginFixture.kind("model")
        #expect(kind.strippingServerKeys(document, origin: .file) == document)
        #expect(kind.strippingServerKeys(document) == ["name": "a"])
    }

    @Test("a replacement keeps artifacts that it does not mention")
    func hiddenFields() throws {
        let kind = try PluginFixture.kind("model")
        let stored: JSONObject = ["name": "a", "artifacts": [["uri": "u"]], "provider": "p"]
        #expect(
            kind.carryingHiddenFields(of: stored, into: ["name": "a"])
                == ["name": "a", "artifacts": [["uri": "u"]]])
        let replacement: JSONObject = ["name": "a", "artifacts": []]
        #expect(kind.carryingHiddenFields(of: stored, into: replacement) == replacement)
    }

    @Test("a public body can be sent back as it came", arguments: PluginFixture.valid)
    func roundTrip(_ plugin: String, _ text: String) throws {
        let body = try PluginFixture.body(plugin, text)
        #expect(EntityValidator.validate(body, kind: try PluginFixture.kind(plugin)) == [])
    }
}
