import CatalogModel
import Testing

@Suite("Resolving the order of a list")
struct PluginSortFieldTests {
    @Test(
        "a key that names a field resolves to its number",
        arguments: [
            ("agents", "agentType", "agentType"), ("skills", "safety.riskLevel", "riskLevel"),
            ("mcp", "NAME", "name"), ("mcp", "CREATE_TIME", "createTimeSinceEpoch"),
            ("model", "LAST_UPDATE_TIME", "lastUpdateTimeSinceEpoch"), ("model", "task", "tasks"),
        ])
    func fields(_ plugin: String, _ key: String, _ name: String) throws {
        let kind = try PluginFixture.kind(plugin)
        let number = try #require(kind.fieldNumber(named: name))
        #expect(kind.sortField(key) == .field(number))
    }

    @Test("a declared field with its type puts absent values last")
    func typedFields() throws {
        let kind = try PluginFixture.kind("model")
        let number = try #require(kind.fieldNumber(named: "provider"))
        #expect(kind.sortField("provider.string_value") == .typedField(number))
    }

    @Test(
        "model keys reach metadata properties",
        arguments: [
            ("ID", SortField.id), ("id", .id),
            ("ACCURACY", .artifact(name: "overall_average", type: .double)),
            ("size.int_value", .custom(name: "size", type: .integer)),
            ("customProperties.size.int_value", .custom(name: "size", type: .integer)),
            ("artifacts.ttft_p90.double_value", .artifact(name: "ttft_p90", type: .double)),
        ])
    func properties(_ key: String, _ expected: SortField) throws {
        #expect(try PluginFixture.kind("model").sortField(key) == expected)
    }

    @Test(
        "what names nothing sortable gets the list's own order",
        arguments: [
            ("agents", "colour"), ("agents", "NAME"), ("agents", "tools"), ("mcp", "ACCURACY"),
            ("mcp", "customProperties"), ("model", "size"), ("model", "artifacts..double_value"),
            ("model", ".int_value"),
        ])
    func unknown(_ plugin: String, _ key: String) throws {
        let kind = try PluginFixture.kind(plugin)
        #expect(kind.sortField(key) == nil)
        let name = SortField.field(try #require(kind.fieldNumber(named: "name")))
        #expect(kind.ordering(key) == (plugin == "agents" ? name : .id))
        #expect(kind.ordering(nil) == (plugin == "mcp" ? .id : name))
    }
}
