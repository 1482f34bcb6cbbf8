import CatalogModel

/// Reads typed fields out of a YAML tree and notes where one has the wrong type.
struct FieldReader {
    private(set) var problems: ProblemList

    init(file: String) {
        problems = ProblemList(file: file)
    }

    mutating func add(_ code: LoadError.Code, at position: SourcePosition?, _ text: String) {
        problems.add(code, at: position, text)
    }

    /// Notes each key that is not known, with the known key that was probably meant.
    mutating func checkKeys(of members: [YAMLNode.Member], in path: String, known: [String]) {
        for member in members where !known.contains(member.key) {
            let place = path.isEmpty ? "" : " in \(path)"
            add(
                .unknownField, at: member.position,
                "unknown key \"\(member.key)\"\(place)"
                    + NearestKey.hint(for: member.key, among: known))
        }
    }

    mutating func string(_ member: YAMLNode.Member, path: String) -> String? {
        if let text = member.value.string { return text }
        if member.value.value != .null { mismatch(member.value, path: path, expected: "a string") }
        return nil
    }

    mutating func bool(_ member: YAMLNode.Member, path: String) -> Bool? {
        if case .bool(let flag) = member.value.value { return flag }
        mismatch(member.value, path: path, expected: "true or false")
        return nil
    }

    /// The members of a map; none for null.
    mutating func map(_ member: YAMLNode.Member, path: String) -> [YAMLNode.Member]? {
        if let members = member.value.members { return members }
        if member.value.value != .null { mismatch(member.value, path: path, expected: "a map") }
        return nil
    }

    /// The elements of a list; none for null.
    mutating func list(_ member: YAMLNode.Member, path: String) -> [YAMLNode]? {
        if let elements = member.value.elements { return elements }
        if member.value.value != .null { mismatch(member.value, path: path, expected: "a list") }
        return nil
    }

    mutating func strings(_ member: YAMLNode.Member, path: String) -> [String]? {
        guard let elements = list(member, path: path) else { return nil }
        var strings: [String] = []
        for (index, element) in elements.enumerated() {
            if let text = element.string {
                strings.append(text)
            } else {
                mismatch(element, path: "\(path)[\(index)]", expected: "a string")
            }
        }
        return strings
    }

    /// A list of globs, each of which must be a usable one.
    mutating func patterns(_ member: YAMLNode.Member, path: String) -> [String]? {
        guard let patterns = strings(member, path: path) else { return nil }
        for (index, element) in (member.value.elements ?? []).enumerated() {
            guard let text = element.string else { continue }
            do {
                _ = try ItemPattern(text)
            } catch {
                add(.invalidField, at: element.position, "\(path)[\(index)]: \(error.message)")
            }
        }
        return patterns
    }

    private mutating func mismatch(_ node: YAMLNode, path: String, expected: String) {
        add(
            .invalidField, at: node.position,
            "\(path) must be \(expected), not \(node.typeName)")
    }
}
