import CatalogModel
import Testing

@Suite("Values for filters and ordering")
struct PluginFieldExtractorTests {
    @Test(
        "each field yields its comparable value",
        arguments: [
            (
                "guardrails", PluginFixture.guardrail, "riskCategories",
                FieldValue.strings(["pii", "phi"])
            ),
            ("guardrails", PluginFixture.guardrail, "author", .missing),
            ("guardrails", PluginFixture.guardrail, "configRef", .missing),
            ("knowledge", PluginFixture.knowledge, "documentCount", .integer(1250)),
            ("skills", PluginFixture.skill, "riskLevel", .string("low")),
            ("skills", PluginFixture.skill, "timeoutSeconds", .integer(30)),
            ("skills", PluginFixture.skill, "sourceId", .string("s1")),
            ("mcp", PluginFixture.mcp, "id", .integer(7)),
            ("mcp", PluginFixture.mcp, "verified", .boolean(true)),
            ("mcp", PluginFixture.mcp, "source_id", .string("s1")),
            ("mcp", PluginFixture.mcp, "createTimeSinceEpoch", .integer(1000)),
            ("model", PluginFixture.model, "source_id", .string("s1")),
            ("model", PluginFixture.model, "task", .strings(["text-generation", "summarization"])),
            ("model", PluginFixture.model, "license", .string("Apache 2.0")),
            ("model", PluginFixture.model, "library_name", .string("transformers")),
            ("model", PluginFixture.model, "createTimeSinceEpoch", .integer(1_736_899_200_000)),
            ("model", PluginFixture.model, "lastUpdateTimeSinceEpoch", .integer(2000)),
            ("model", PluginFixture.model, "customProperties", .missing),
        ])
    func values(_ plugin: String, _ text: String, _ name: String, _ expected: FieldValue) throws {
        let document = try PluginFixture.object(text)
        let kind = try PluginFixture.kind(plugin)
        let values = FieldExtractor.values(
            of: try PluginFixture.entity(plugin, document), document: document, kind: kind)
        #expect(values.count == kind.fields.count)
        let number = try #require(kind.fieldNumber(named: name))
        #expect(values[number] == expected)
    }
}
