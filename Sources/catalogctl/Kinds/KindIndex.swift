import CatalogClient
import CatalogModel

/// The plugins and kinds that a server has, as its discovery tells.
struct KindIndex {
    /// One kind and where its entities are.
    struct Kind {
        let plugin: String
        let base: String
        let kind: String
        let plural: String
        let columns: [TextTable.Column]
        let actions: [String]

        /// The path of the list.
        var list: String { "\(base)/\(plural)" }

        /// The path of an entity.
        func path(_ name: String) -> String { "\(list)/\(CatalogRequest.encoded(name))" }

        /// The path by which governance knows an entity.
        func asset(_ name: String) -> String {
            let parts = [plugin, kind.lowercased(), name].map { CatalogRequest.encoded($0) }
            return "/api/governance/v1alpha1/assets/\(parts.joined(separator: "/"))"
        }
    }

    let kinds: [Kind]
    /// The base paths of the plugins by name.
    private let bases: [(name: String, base: String)]

    /// Reads the answer of discovery.
    init(_ discovery: JSONValue) {
        var kinds: [Kind] = []
        var bases: [(name: String, base: String)] = []
        for plugin in discovery["plugins"]?.arrayValue ?? [] {
            guard let name = plugin["name"]?.stringValue,
                let base = plugin["basePath"]?.stringValue
            else { continue }
            bases.append((name, base))
            for entity in plugin.value(at: "capabilitiesV2.entities")?.arrayValue ?? [] {
                let columns = entity.value(at: "fields.columns")?.arrayValue ?? []
                kinds.append(
                    Kind(
                        plugin: name, base: base, kind: entity["kind"]?.stringValue ?? "",
                        plural: entity["plural"]?.stringValue ?? "",
                        columns: columns.map {
                            TextTable.Column(
                                $0["displayName"]?.stringValue ?? "", $0["path"]?.stringValue ?? "")
                        },
                        actions: (entity["actions"]?.arrayValue ?? []).compactMap(\.stringValue)))
            }
        }
        self.kinds = kinds
        self.bases = bases
    }

    /// The kind of a name: its plural, the kind itself, or either after `plugin/`; case does not count.
    func kind(_ name: String) throws(CommandError) -> Kind {
        let found = kinds.filter { Self.names($0).contains(name.lowercased()) }
        if found.count > 1 {
            let choices = found.map { "\($0.plugin)/\($0.plural)" }.joined(separator: ", ")
            throw CommandError(.usage, "\"\(name)\" is more than one kind: \(choices)")
        }
        guard let kind = found.first else {
            let known = kinds.flatMap { [$0.plural, $0.kind, "\($0.plugin)/\($0.plural)"] }
            throw CommandError(
                .usage,
                "there is no kind \"\(name)\"\(Suggestion.clause(for: name, among: known))")
        }
        return kind
    }

    /// The base path of a plugin.
    func base(_ plugin: String) throws(CommandError) -> String {
        if let found = bases.first(where: { $0.name == plugin.lowercased() }) { return found.base }
        throw CommandError(
            .usage,
            "there is no plugin \"\(plugin)\""
                + Suggestion.clause(for: plugin, among: bases.map(\.name)))
    }

    private static func names(_ kind: Kind) -> [String] {
        let names = [kind.plural.lowercased(), kind.kind.lowercased()]
        return names + names.map { "\(kind.plugin)/\($0)" }
    }
}

extension ControlSession {
    /// The plugins and kinds of the server.
    func kinds() async throws -> KindIndex { KindIndex(try await get("/api/plugins")) }
}
