import CatalogModel

extension SourcesReader {
    /// The descriptions of source labels: a name, which may be null, and further strings.
    mutating func labels(_ member: YAMLNode.Member, path: String) -> [JSONObject]? {
        guard member.value.value != .null else { return nil }
        let path = "\(path).labels"
        guard let elements = fields.list(member, path: path) else { return nil }
        var labels: [JSONObject] = []
        var seen: [YAMLNode.Value: SourcePosition] = [:]
        for (index, element) in elements.enumerated() {
            let path = "\(path)[\(index)]"
            guard let members = element.members else {
                fields.add(
                    .invalidField, at: element.position,
                    "\(path) must be a map, not \(element.typeName)")
                continue
            }
            guard let name = element.member("name") else {
                fields.add(.missingField, at: element.position, "\(path).name is required")
                continue
            }
            for member in members where member.key != "name" || member.value.value != .null {
                _ = fields.string(member, path: "\(path).\(member.key)")
            }
            if let first = seen.updateValue(name.position, forKey: name.value.value) {
                fields.add(
                    .duplicateName, at: name.position,
                    "\(path): the label was already described at line \(first.line)")
            }
            labels.append(YAMLNode.object(members))
        }
        return labels
    }

    /// The named queries: fields with their conditions by query name.
    mutating func namedQueries(
        _ member: YAMLNode.Member, path: String
    ) -> [String: [String: SourcesConfiguration.NamedCondition]] {
        let path = "\(path).namedQueries"
        var queries: [String: [String: SourcesConfiguration.NamedCondition]] = [:]
        for query in fields.map(member, path: path) ?? [] {
            var conditions: [String: SourcesConfiguration.NamedCondition] = [:]
            for field in fields.map(query, path: "\(path).\(query.key)") ?? [] {
                let path = "\(path).\(query.key).\(field.key)"
                conditions[field.key] = condition(field, path: path)
            }
            queries[query.key] = conditions
        }
        return queries
    }

    private mutating func condition(
        _ field: YAMLNode.Member, path: String
    ) -> SourcesConfiguration.NamedCondition? {
        guard let members = fields.map(field, path: path) else { return nil }
        fields.checkKeys(of: members, in: path, known: ["operator", "value"])
        let node = field.value
        guard let operatorMember = node.member("operator"), let value = node.member("value") else {
            let missing = node.member("operator") == nil ? "operator" : "value"
            fields.add(.missingField, at: field.position, "\(path).\(missing) is required")
            return nil
        }
        guard let text = fields.string(operatorMember, path: "\(path).operator") else { return nil }
        let name = text.uppercased()
        guard SourcesConfiguration.operators.contains(name) else {
            fields.add(
                .invalidField, at: operatorMember.value.position,
                "\(path).operator \"\(text)\" is unknown; valid operators: "
                    + SourcesConfiguration.operators.joined(separator: ", "))
            return nil
        }
        let wantsList = name == "IN" || name == "NOT IN"
        let isCollection = value.value.elements != nil || value.value.members != nil
        guard wantsList ? value.value.elements != nil : !isCollection,
            value.value.value != .null
        else {
            fields.add(
                .invalidField, at: value.value.position,
                "\(path).value must be \(wantsList ? "a list" : "a single value") for \(name), "
                    + "not \(value.value.typeName)")
            return nil
        }
        return SourcesConfiguration.NamedCondition(
            operator: name, value: value.value.toJSON())
    }
}
