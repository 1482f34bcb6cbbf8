package import CatalogModel

/// A value of a YAML document that remembers where it stands.
package struct YAMLNode: Sendable, Hashable {
    /// The value by the core rules of YAML 1.2, restricted to what JSON can say.
    package enum Value: Sendable, Hashable {
        case null
        case bool(Bool)
        case number(JSONNumber)
        case string(String)
        case sequence([YAMLNode])
        case mapping([Member])
    }

    /// A key of a mapping with its value.
    package struct Member: Sendable, Hashable {
        package let key: String
        package let position: SourcePosition
        package let value: YAMLNode
    }

    package let value: Value
    /// Where the value starts; for an alias, where the value it stands for starts.
    package let position: SourcePosition

    /// The members of a mapping in file order, or nil.
    package var members: [Member]? {
        if case .mapping(let members) = value { members } else { nil }
    }

    /// The elements of a sequence, or nil.
    package var elements: [YAMLNode]? {
        if case .sequence(let elements) = value { elements } else { nil }
    }

    /// The text of a string, or nil.
    package var string: String? {
        if case .string(let text) = value { text } else { nil }
    }

    /// The member of a mapping with this key, or nil; takes time linear in the members.
    package func member(_ key: String) -> Member? {
        members?.first { $0.key == key }
    }

    /// What the value is, for messages.
    package var typeName: String {
        switch value {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .sequence: "a list"
        case .mapping: "a map"
        }
    }

    /// The same value without places; takes time linear in the nodes for small mappings.
    package func toJSON() -> JSONValue {
        switch value {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .number(let number): .number(number)
        case .string(let text): .string(text)
        case .sequence(let elements): .array(elements.map { $0.toJSON() })
        case .mapping(let members): .object(YAMLNode.object(members))
        }
    }

    /// The members as a JSON object, in file order.
    static func object(_ members: [Member]) -> JSONObject {
        var object = JSONObject()
        for member in members { object[member.key] = member.value.toJSON() }
        return object
    }

    /// The place of the deepest part of a path such as `tools[2].skillRef` that exists.
    package func position(atPath path: String) -> SourcePosition {
        var node = self
        var found = position
        var rest = Substring(path)
        while let next = node.step(along: &rest) {
            (found, node) = next
        }
        return found
    }

    /// Takes one step off the path; a key may itself contain points, so the longest one wins.
    private func step(along rest: inout Substring) -> (SourcePosition, YAMLNode)? {
        switch value {
        case .mapping(let members):
            let keys = rest.first == "." ? rest.dropFirst() : rest
            let fitting = members.filter { YAMLNode.path(keys, startsWith: $0.key) }
            guard let member = fitting.max(by: { $0.key.count < $1.key.count }) else { return nil }
            rest = keys.dropFirst(member.key.count)
            return (member.position, member.value)
        case .sequence(let elements):
            guard rest.first == "[", let end = rest.firstIndex(of: "]"),
                let index = Int(rest[rest.index(after: rest.startIndex)..<end]),
                elements.indices.contains(index)
            else { return nil }
            rest = rest[rest.index(after: end)...]
            return (elements[index].position, elements[index])
        default:
            return nil
        }
    }

    private static func path(_ path: Substring, startsWith key: String) -> Bool {
        guard !key.isEmpty, path.hasPrefix(key) else { return false }
        let next = path.dropFirst(key.count).first
        return next == nil || next == "." || next == "["
    }
}
