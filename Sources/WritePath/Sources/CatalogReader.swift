import CatalogModel

/// Turns the tree of a catalog file into entities, collecting every problem.
struct CatalogReader {
    let plugin: PluginDefinition
    var problems: ProblemList

    init(file: String, plugin: PluginDefinition) {
        self.plugin = plugin
        self.problems = ProblemList(file: file)
    }

    /// The entities of the plugin's kinds; meaningless once there are problems.
    mutating func entities(_ root: YAMLNode) -> [LoadedEntity] {
        let keys = plugin.kinds.map(\.yamlKey)
        let wanted = keys.map { "\"\($0)\"" }.joined(separator: ", ")
        guard let members = root.members else {
            let found = root.value == .null ? "the file is empty" : "found \(root.typeName)"
            problems.add(
                .invalidField, at: root.position,
                "a catalog file must be a map with the key \(wanted); \(found)")
            return []
        }
        if !members.contains(where: { keys.contains($0.key) }) {
            problems.add(.missingField, at: root.position, "the key \(wanted) is missing")
        }
        var entities: [LoadedEntity] = []
        for member in members {
            if let kind = plugin.kinds.first(where: { $0.yamlKey == member.key }) {
                entities += list(member, kind: kind)
            } else {
                checkExtra(member)
            }
        }
        return entities
    }

    private mutating func checkExtra(_ member: YAMLNode.Member) {
        let extra = plugin.kinds.flatMap(\.yamlExtraKeys)
        guard extra.contains(member.key) else {
            let known = plugin.kinds.map(\.yamlKey) + extra
            problems.add(
                .unknownField, at: member.position,
                "unknown key \"\(member.key)\""
                    + NearestKey.hint(for: member.key, among: known))
            return
        }
        if member.value.string == nil {
            problems.add(
                .invalidField, at: member.value.position,
                "\(member.key) must be a string, not \(member.value.typeName)")
        }
    }

    private mutating func list(
        _ member: YAMLNode.Member, kind: KindDefinition
    ) -> [LoadedEntity] {
        guard let elements = member.value.elements else {
            problems.add(
                .invalidField, at: member.value.position,
                "\(member.key) must be a list, not \(member.value.typeName)")
            return []
        }
        var entities: [LoadedEntity] = []
        var seen: [String: SourcePosition] = [:]
        for (index, element) in elements.enumerated() {
            let path = "\(member.key)[\(index)]"
            guard let entity = entity(element, kind: kind, path: path) else { continue }
            if let first = seen[entity.name] {
                problems.add(
                    .duplicateName, at: element.position(atPath: "name"),
                    "\(kind.notFoundNoun) \"\(entity.name)\" is given twice, at lines "
                        + "\(first.line) and \(entity.line)")
                continue
            }
            seen[entity.name] = entity.position
            entities.append(entity)
        }
        return entities
    }

    private mutating func entity(
        _ element: YAMLNode, kind: KindDefinition, path: String
    ) -> LoadedEntity? {
        guard case .object(let document) = element.toJSON() else {
            problems.add(
                .invalidEntity, at: element.position,
                "\(path) must be a map, not \(element.typeName)")
            return nil
        }
        let name = document["name"]?.stringValue
        let subject = name.map { "\(kind.notFoundNoun) \"\($0)\"" } ?? path
        for error in EntityValidator.validate(document, kind: kind, origin: .file) {
            problems.add(
                .invalidEntity, at: element.position(atPath: error.path),
                "\(subject): \(error)" + hint(for: error, kind: kind))
        }
        guard let name else { return nil }
        return LoadedEntity(
            kind: kind.kind, name: name, doc: kind.strippingServerKeys(document, origin: .file),
            position: element.position)
    }

    /// The field that was probably meant, if the error is about a field that does not exist.
    private func hint(for error: FieldError, kind: KindDefinition) -> String {
        guard !error.path.contains("."), kind.field(named: error.path)?.isDocumentKey != true,
            let meant = NearestKey.nearest(
                to: error.path, among: kind.fields.filter(\.isDocumentKey).map(\.name))
        else { return "" }
        return "; did you mean \"\(meant)\"?"
    }
}
