import CatalogModel

/// One kind of one plugin as the tests address it.
struct Kind: Sendable, Hashable {
    let plugin: String
    let kind: String
    /// The path of the plugin, such as `/api/agents_catalog/v1alpha1`.
    let base: String
    let plural: String

    /// The path of the list.
    var list: String { "\(base)/\(plural)" }

    /// The path of an entity of any source.
    func entity(_ name: String) -> String { "\(list)/\(name)" }

    /// A list of everything on one page.
    var whole: String { "\(list)?pageSize=1000&orderBy=name" }

    static let all: [Kind] = Plugins.all.flatMap { plugin in
        plugin.kinds.map {
            Kind(plugin: plugin.name, kind: $0.kind, base: plugin.basePath, plural: $0.plural)
        }
    }

    static let agents = named("Agent")
    static let skills = named("Skill")
    static let policies = named("Policy")
    static let mcpServers = named("McpServer")

    private static func named(_ kind: String) -> Kind {
        guard let found = all.first(where: { $0.kind == kind }) else {
            preconditionFailure("there is no kind \(kind)")
        }
        return found
    }
}
