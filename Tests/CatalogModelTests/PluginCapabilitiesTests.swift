import CatalogModel
import Testing

@Suite("Capability documents")
struct PluginCapabilitiesTests {
    @Test("no string of a capability document is empty", arguments: Plugins.all.map(\.name))
    func stringsAreNotEmpty(_ name: String) throws {
        let plugin = try #require(Plugins.named(name))
        #expect(Self.emptyStrings(in: plugin.capabilitiesV2(), at: name) == [])
        #expect(Self.emptyStrings(in: plugin.discoveryEntry(healthy: true), at: name) == [])
    }

    @Test("entity actions are among the plugin's actions", arguments: Plugins.all.map(\.name))
    func actionsExist(_ name: String) throws {
        let capabilities = try #require(Plugins.named(name)).capabilitiesV2()
        let declared = (capabilities["actions"]?.arrayValue ?? []).map { $0["id"] }
        #expect(declared == ["tag", "annotate", "deprecate", "refresh"])
        let entity = try #require(capabilities["entities"]?.arrayValue?.first)
        let used = try #require(entity["actions"]?.arrayValue)
        #expect(used.count == (["mcp", "model"].contains(name) ? 4 : 3))
        for action in used { #expect(declared.contains(action)) }
    }

    @Test("detail fields cover every public field", arguments: Plugins.all.map(\.name))
    func detailFieldsCoverAll(_ name: String) throws {
        let plugin = try #require(Plugins.named(name))
        let kind = try #require(plugin.kinds.first)
        let entity = try #require(plugin.capabilitiesV2()["entities"]?.arrayValue?.first)
        let details = entity.value(at: "fields.detailFields")?.arrayValue ?? []
        let names = details.compactMap { $0["name"]?.stringValue }
        #expect(Set(names) == Set(kind.fields.filter { !$0.hidden }.map(\.name)))
        #expect(details.first?["section"] == "Overview")
        let sections = entity.value(at: "uiHints.detailSections")?.arrayValue ?? []
        for detail in details { #expect(sections.contains(detail["section"] ?? .null)) }
    }

    @Test("types, inputs and widths use the contract's words")
    func vocabulary() throws {
        let types: [JSONValue] = ["string", "integer", "array", "object", "boolean"]
        let inputs: [JSONValue] = ["text", "select", "number", "multiselect", "boolean"]
        let widths: [JSONValue] = ["sm", "md", "lg"]
        for plugin in Plugins.all {
            let entity = try #require(plugin.capabilitiesV2()["entities"]?.arrayValue?.first)
            for column in entity.value(at: "fields.columns")?.arrayValue ?? [] {
                #expect(types.contains(column["type"] ?? .null))
                #expect(widths.contains(column["width"] ?? .null))
            }
            for filter in entity.value(at: "fields.filterFields")?.arrayValue ?? [] {
                #expect(inputs.contains(filter["type"] ?? .null))
                #expect((filter["options"] != nil) == (filter["type"] == "select"))
            }
            for field in entity.value(at: "fields.detailFields")?.arrayValue ?? [] {
                #expect(types.contains(field["type"] ?? .null))
            }
        }
    }

    @Test("the agent's entry reads as the contract shows it")
    func agentEntry() throws {
        let capabilities = try #require(Plugins.named("agents")).capabilitiesV2()
        #expect(capabilities["schemaVersion"] == "v1")
        #expect(capabilities.value(at: "plugin.icon") == "robot")
        #expect(capabilities.value(at: "sources.types") == ["yaml", "git"])
        let agent = try #require(capabilities["entities"]?.arrayValue?.first)
        #expect(
            agent["endpoints"] == [
                "list": "/api/agents_catalog/v1alpha1/agents",
                "get": "/api/agents_catalog/v1alpha1/agents/{name}",
                "action": "/api/agents_catalog/v1alpha1/management/entities/{name}:action",
            ])
        #expect(
            agent.value(at: "fields.columns")?.arrayValue?.first == [
                "name": "name", "displayName": "Name", "path": "name", "type": "string",
                "sortable": true, "width": "lg",
            ])
        #expect(
            agent.value(at: "fields.filterFields")?.arrayValue?[1] == [
                "name": "agentType", "displayName": "Agent Type", "type": "select",
                "options": [
                    "conversational", "task_oriented", "router", "planner", "executor",
                    "evaluator",
                ],
                "operators": ["=", "!="],
            ])
        #expect(agent.value(at: "governance.lifecycle.defaultState") == "draft")
    }

    @Test("columns with another path say so")
    func columnPaths() throws {
        let task = try #require(Self.column("task", of: "model"))
        #expect(task["path"] == "tasks" && task["displayName"] == "Task")
        #expect(task["type"] == "array" && task["sortable"] == true)
        let risk = try #require(Self.column("riskLevel", of: "skills"))
        #expect(risk["path"] == "safety.riskLevel" && risk["displayName"] == "Risk Level")
    }

    @Test("MCP servers carry the richer hints")
    func richHints() throws {
        let mcp = try #require(Plugins.named("mcp")).capabilitiesV2()
        let hints = try #require(mcp["entities"]?.arrayValue?.first?["uiHints"])
        #expect(hints.value(at: "listView.titleField") == "name")
        #expect(hints.value(at: "detailView.sections")?.arrayValue?.isEmpty == false)
        #expect(hints.value(at: "search.facets")?.arrayValue?.isEmpty == false)
        #expect(hints.value(at: "actionHints.primary") == "tag")
    }

    @Test("the discovery entry repeats the capabilities and names a failure")
    func discovery() throws {
        let model = try #require(Plugins.named("model"))
        let healthy = model.discoveryEntry(healthy: true)
        #expect(healthy["capabilitiesV2"] == model.capabilitiesV2())
        #expect(healthy["status"] == nil)
        #expect(healthy.value(at: "capabilities.artifacts") == true)
        #expect(healthy.value(at: "cliHints.sortField") == "name")
        let status = PluginStatus(
            enabled: true, initialized: false, serving: false, lastError: "no data")
        let failed = model.discoveryEntry(healthy: false, status: status)
        #expect(failed["healthy"] == false)
        #expect(
            failed["status"] == [
                "enabled": true, "initialized": false, "serving": false, "lastError": "no data",
            ])
        let agents = try #require(Plugins.named("agents")).discoveryEntry(healthy: true)
        #expect(agents.value(at: "capabilities.artifacts") == false)
    }

    private static func column(_ name: String, of plugin: String) -> JSONValue? {
        let entity = Plugins.named(plugin)?.capabilitiesV2()["entities"]?.arrayValue?.first
        let columns = entity?.value(at: "fields.columns")?.arrayValue ?? []
        return columns.first { $0["name"] == .string(name) }
    }

    private static func emptyStrings(in value: JSONValue, at path: String) -> [String] {
        switch value {
        case .string(let text): text.isEmpty ? [path] : []
        case .array(let elements): elements.flatMap { emptyStrings(in: $0, at: path) }
        case .object(let object):
            object.members.flatMap { emptyStrings(in: $0.value, at: "\(path).\($0.key)") }
        case .null: [path]
        case .bool, .number: []
        }
    }
}
