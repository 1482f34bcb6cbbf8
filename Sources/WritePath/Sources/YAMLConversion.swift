import CatalogModel
import Yams

/// Turns the nodes of the YAML library into ours, counting what aliases multiply.
struct YAMLConversion {
    let file: String
    private var nodes = 0
    private var textBytes = 0

    init(file: String) {
        self.file = file
    }

    mutating func node(_ node: Node, depth: Int) throws(LoadError) -> YAMLNode {
        let position = SourcePosition(node.mark)
        nodes += 1
        guard nodes <= SourceLimits.documentNodes else {
            throw LoadError(
                .tooLarge, file: file, at: position,
                "the document has more than \(SourceLimits.documentNodes) values "
                    + "after its aliases are expanded")
        }
        guard depth <= SourceLimits.documentDepth else {
            throw LoadError(
                .tooLarge, file: file, at: position,
                "more than \(SourceLimits.documentDepth) levels of lists and maps")
        }
        switch node {
        case .scalar(let scalar):
            return YAMLNode(value: try value(scalar, at: position), position: position)
        case .sequence(let sequence):
            try check(sequence.tag, is: .seq, at: position)
            var elements: [YAMLNode] = []
            for element in sequence {
                elements.append(try self.node(element, depth: depth + 1))
            }
            return YAMLNode(value: .sequence(elements), position: position)
        case .mapping(let mapping):
            try check(mapping.tag, is: .map, at: position)
            let members = try self.members(mapping, at: position, depth: depth)
            return YAMLNode(value: .mapping(members), position: position)
        case .alias:
            throw unsupported("an alias that cannot be resolved", at: position)
        }
    }

    private mutating func members(
        _ mapping: Node.Mapping, at position: SourcePosition, depth: Int
    ) throws(LoadError) -> [YAMLNode.Member] {
        guard mapping.count <= SourceLimits.mapMembers else {
            throw LoadError(
                .tooLarge, file: file, at: position,
                "a map has more than \(SourceLimits.mapMembers) keys")
        }
        var members: [YAMLNode.Member] = []
        var seen: [String: SourcePosition] = [:]
        for (keyNode, valueNode) in mapping {
            let place = SourcePosition(keyNode.mark)
            let key = try self.key(keyNode, at: place)
            if let first = seen.updateValue(place, forKey: key) {
                throw LoadError(
                    .duplicateKey, file: file, at: place,
                    "the key \"\(key)\" was already given at line \(first.line)")
            }
            let value = try node(valueNode, depth: depth + 1)
            members.append(YAMLNode.Member(key: key, position: place, value: value))
        }
        return members
    }

    private mutating func key(
        _ node: Node, at position: SourcePosition
    ) throws(LoadError) -> String {
        guard case .scalar(let scalar) = node else {
            throw unsupported("a key must be a string, not a list or map", at: position)
        }
        // The library resolves the tags of keys when it compares them, so only the style and
        // the text tell a plain key from a quoted one.
        try check(scalar.tag, is: .str, at: position)
        guard scalar.style == .plain else { return try text(scalar, at: position) }
        guard scalar.string != "<<" else {
            throw unsupported("merge keys (<<) are not supported", at: position)
        }
        guard YAMLScalar.resolve(scalar.string) == .string else {
            throw unsupported(
                "the key \(scalar.string.isEmpty ? "null" : scalar.string) is not a string; "
                    + "put it in quotes", at: position)
        }
        return try text(scalar, at: position)
    }

    private mutating func value(
        _ scalar: Node.Scalar, at position: SourcePosition
    ) throws(LoadError) -> YAMLNode.Value {
        let tag = Tag.Name(rawValue: scalar.tag.rawValue)
        let plain = scalar.style == .plain || scalar.style == .any
        switch tag {
        case .str:
            return .string(try text(scalar, at: position))
        case .implicit, .nonSpecific:
            guard plain else { return .string(try text(scalar, at: position)) }
            return try value(YAMLScalar.resolve(scalar.string), of: scalar, at: position)
        case .int, .float, .bool, .null:
            let resolution = YAMLScalar.resolve(scalar.string)
            guard fits(resolution, tag) else {
                throw unsupported("the value does not fit its tag \(tag.rawValue)", at: position)
            }
            return try value(resolution, of: scalar, at: position)
        default:
            throw unsupported("the tag \(tag.rawValue) is not supported", at: position)
        }
    }

    private mutating func value(
        _ resolution: YAMLScalar.Resolution, of scalar: Node.Scalar,
        at position: SourcePosition
    ) throws(LoadError) -> YAMLNode.Value {
        switch resolution {
        case .null: return .null
        case .bool(let flag): return .bool(flag)
        case .number(let number): return .number(number)
        case .string: return .string(try text(scalar, at: position))
        case .unsupportedNumber:
            throw unsupported(
                "the number \(scalar.string.prefix(40)) cannot be stored; "
                    + "put it in quotes if it is text", at: position)
        }
    }

    private func fits(_ resolution: YAMLScalar.Resolution, _ tag: Tag.Name) -> Bool {
        switch (resolution, tag) {
        case (.null, .null), (.bool, .bool), (.number, .float), (.unsupportedNumber, .float):
            true
        case (.number(let number), .int): number.int != nil
        default: false
        }
    }

    private mutating func text(
        _ scalar: Node.Scalar, at position: SourcePosition
    ) throws(LoadError) -> String {
        textBytes += scalar.string.utf8.count
        guard textBytes <= SourceLimits.documentTextBytes else {
            throw LoadError(
                .tooLarge, file: file, at: position,
                "the document has more than \(SourceLimits.documentTextBytes) bytes of text "
                    + "after its aliases are expanded")
        }
        // Only an escape can bring it in, as the text itself has been checked.
        guard scalar.style != .doubleQuoted || !scalar.string.utf8.contains(0) else {
            throw unsupported("a text must not contain the character U+0000", at: position)
        }
        return scalar.string
    }

    private func check(
        _ tag: Tag, is name: Tag.Name, at position: SourcePosition
    ) throws(LoadError) {
        let given = Tag.Name(rawValue: tag.rawValue)
        guard given == .implicit || given == .nonSpecific || given == name else {
            throw unsupported("the tag \(tag.rawValue) is not supported here", at: position)
        }
    }

    private func unsupported(_ text: String, at position: SourcePosition) -> LoadError {
        LoadError(.unsupportedYAML, file: file, at: position, text)
    }
}

extension SourcePosition {
    /// The library counts from 1 as we do; a node without a mark is at the start.
    init(_ mark: Mark?) {
        self.init(line: max(1, mark?.line ?? 1), column: max(1, mark?.column ?? 1))
    }
}
