import CatalogModel
import Testing

@Suite("Names in filter queries")
struct PluginFilterTests {
    @Test(
        "declared names resolve to typed fields",
        arguments: [
            ("agents", "agentType", "agentType", FilterType.string),
            ("knowledge", "documentCount", "documentCount", .integer),
            ("skills", "safety.riskLevel", "riskLevel", .string),
            ("guardrails", "modalities", "modalities", .stringArray),
            ("mcp", "verified", "verified", .boolean), ("mcp", "toolCount", "toolCount", .integer),
            ("mcp", "toolCount.double_value", "toolCount", .double),
            ("model", "task", "tasks", .stringArray),
            ("model", "tasks.string_value", "tasks", .stringArray),
            ("model", "provider.string_value", "provider", .string),
            ("model", "createTimeSinceEpoch", "createTimeSinceEpoch", .integer),
        ])
    func declared(_ plugin: String, _ path: String, _ name: String, _ type: FilterType) throws {
        let kind = try PluginFixture.kind(plugin)
        let number = try #require(kind.fieldNumber(named: name))
        let folds = !["mcp", "model"].contains(plugin)
        #expect(kind.resolve(path) == .field(number, type, caseInsensitive: folds))
    }

    @Test(
        "other names are custom properties or properties of artifacts",
        arguments: [
            ("model", "size", FilterField.custom(name: "size", suffix: nil)),
            ("model", "customProperties.size.int_value", .custom(name: "size", suffix: .integer)),
            ("model", "artifacts.ttft_p90", .artifact(name: "ttft_p90", suffix: nil)),
            ("model", "artifacts.n.double_value", .artifact(name: "n", suffix: .double)),
            ("mcp", "tier", .custom(name: "tier", suffix: nil)),
            ("agents", "artifacts.n", .custom(name: "artifacts.n", suffix: nil)),
            ("agents", "tools", .custom(name: "tools", suffix: nil)),
        ])
    func undeclared(_ plugin: String, _ path: String, _ expected: FilterField) throws {
        #expect(try PluginFixture.kind(plugin).resolve(path) == expected)
    }

    @Test(
        "queries over whole entities",
        arguments: [
            ("model", PluginFixture.model, "task = 'summarization'", true),
            ("model", PluginFixture.model, "license = 'Apache 2.0' AND size = 7", true),
            ("model", PluginFixture.model, "artifacts.ttft_p90 < 103", true),
            ("model", PluginFixture.model, "artifacts.artifactType = 'model-artifact'", true),
            (
                "model", PluginFixture.model,
                "artifacts.uri LIKE 'oci:%' AND artifacts.ttft_p90 > 1", false
            ),
            ("mcp", PluginFixture.mcp, "verified = true AND toolCount >= 12", true),
            ("mcp", PluginFixture.mcp, "tier = 'gold'", true),
            ("mcp", PluginFixture.mcp, "license = 'apache-2.0'", false),
            ("skills", PluginFixture.skill, "riskLevel = 'LOW' AND timeoutSeconds > 9", true),
            ("prompts", PluginFixture.prompt, "taskTags = 'a,b'", true),
        ])
    func queries(_ plugin: String, _ text: String, _ query: String, _ expected: Bool) throws {
        let kind = try PluginFixture.kind(plugin)
        let document = try PluginFixture.object(text)
        let dialect = kind.convention.filterDialect
        let expression = try #require(try FilterExpression.parse(query, dialect: dialect))
        let predicate = try expression.bind(to: kind, dialect: dialect)
        let values = FieldExtractor.values(
            of: try PluginFixture.entity(plugin, document), document: document, kind: kind)
        #expect(predicate.matches(EntityRecord(values: values, document: document)) == expected)
    }

    @Test("the declared filters of every plugin bind with each of their operators")
    func declaredFilters() throws {
        for kind in Plugins.all.flatMap(\.kinds) {
            let dialect = kind.convention.filterDialect
            for filter in kind.filterFields {
                for comparator in filter.operators {
                    let literal = filter.input == .number ? "5" : "'x'"
                    let query = "\(filter.name) \(comparator) \(literal)"
                    let expression = try FilterExpression.parse(query, dialect: dialect)
                    _ = try #require(expression).bind(to: kind, dialect: dialect)
                }
            }
        }
    }
}
