import CatalogModel
import Testing

/// Entities for the tests of plugins, written as the JSON that clients send.
enum PluginFixture {
    static func kind(_ plugin: String) throws -> KindDefinition {
        try #require(Plugins.named(plugin)?.kinds.first)
    }

    static func object(_ text: String) throws -> JSONObject {
        try #require(try JSONParser.parse(text).objectValue)
    }

    static func entity(
        _ plugin: String, _ document: JSONObject, source: String = "s1", id: Int64 = 7
    ) throws -> StoredEntity {
        let name = try #require(document["name"]?.stringValue)
        return StoredEntity(
            key: EntityKey(
                plugin: plugin, kind: try kind(plugin).kind, source: source, name: name),
            id: id, version: 1, revision: .zero, createdAtMs: 1000, updatedAtMs: 2000, doc: [])
    }

    static func body(_ plugin: String, _ text: String) throws -> JSONObject {
        let document = try object(text)
        return EntityRenderer.body(
            of: try entity(plugin, document), document: document, kind: try kind(plugin))
    }

    static let mcp = """
        {"toolCount":12,"name":"github","deploymentMode":"local","verified":true,
        "license":"Apache-2.0","customProperties":{"tier":"gold"},"description":"d"}
        """

    static let model = """
        {"name":"acme/neural-7b","license":"apache-2.0","tasks":["text-generation","summarization"],
        "language":["en"],"provider":"Acme","libraryName":"transformers","readme":"# Hi",
        "createTimeSinceEpoch":"1736899200000","customProperties":
        {"validated":{"string_value":"","metadataType":"MetadataStringValue"},
        "size":{"int_value":"7","metadataType":"MetadataIntValue"}},
        "artifacts":[{"uri":"oci://r/m:1"},{"artifactType":"metrics-artifact",
        "metricsType":"performance-metrics","createTimeSinceEpoch":"1736899200000",
        "customProperties":{"ttft_p90":{"double_value":102.5,
        "metadataType":"MetadataDoubleValue"}}}]}
        """

    static let skill = """
        {"name":"web-search","skillType":"mcp_tool","timeoutSeconds":30,
        "execution":{"executorType":"mcp_tool","args":["-v"],"env":{"A":"b"},"apiGroup":""},
        "safety":{"riskLevel":"low","requiresApproval":false,"secretRefs":["k"]},
        "retryPolicy":{"maxRetries":3,"backoffSeconds":0.5},
        "inputSchema":{"type":"object","properties":{"free":{}}}}
        """

    static let agent = """
        {"name":"support","agentType":"conversational",
        "modelConfig":{"preferredModelRef":"m","temperature":1,"maxTokens":4096},
        "tools":[{"skillRef":"s","required":true,"timeout":30}],
        "knowledge":[{"knowledgeSourceRef":"k","retrievalHints":{"topK":5}}],
        "guardrails":[{"guardrailRef":"g","enforcementMode":"required"}],
        "examples":[{"input":"a","output":{"b":1}}],"customProperties":{"any":[1,2]}}
        """

    static let prompt = """
        {"name":"summarizer","format":"completion","template":"t","taskTags":["a","b"],
        "modelConstraints":{"compatibleModelFamilies":["x"],"minContextTokens":2048},
        "examples":[{"inputs":{"length":20},"expectedOutput":"o","notes":"n"}]}
        """

    static let guardrail = """
        {"name":"pii","riskCategories":["pii","phi"],"modalities":[],
        "configRef":{"railsConfig":"c.co"}}
        """

    static let knowledge = """
        {"name":"docs","sourceType":"document","documentCount":1250,"vectorDimensions":1536}
        """

    static let policy = """
        {"name":"allowlist","policyType":"model_allowlist","enforcementMode":"dry-run",
        "inputSchema":{"required":["modelName"]}}
        """

    /// A valid document of every plugin.
    static let valid = [
        ("agents", agent), ("guardrails", guardrail), ("knowledge", knowledge), ("mcp", mcp),
        ("model", model), ("policies", policy), ("prompts", prompt), ("skills", skill),
    ]
}
