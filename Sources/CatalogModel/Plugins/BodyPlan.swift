/// What becomes of the parts of a kind's documents, laid out for a single pass over their bytes.
///
/// Made once from the definition; says the same as the renderer and the extractor of fields. A class,
/// because whoever renders many documents would copy its arrays for each.
package final class BodyPlan: Sendable {
    /// Where a field's value comes from.
    package enum Content: Sendable {
        case id, source, createTime, updateTime, name, license, member
        /// Inside an object of the document.
        case nested
    }

    /// How a field is compared; `other` by its parsed value.
    package enum Comparison: Sendable { case never, string, boolean, integer, other }

    /// A field in short.
    package struct Field: Sendable {
        package let content: Content
        package let comparison: Comparison
    }

    /// What a key at the top of a document stands for.
    package enum Role: Sendable { case field(Int), ignored, extra }

    package let fields: [Field]
    /// The fields that a body begins with, in order.
    package let shown: [Int]
    /// Of each field its name as a key, with quotes and colon.
    package let labels: [[UInt8]]
    /// The field that ends a body, if there is one.
    package let last: Int?
    private let keys: [UInt8]
    private let ends: [Int]
    private let roles: [Role]

    package init(_ kind: KindDefinition) {
        let last = kind.fields.last?.origin == .source ? kind.fields.count - 1 : nil
        self.last = last
        fields = kind.fields.map {
            Field(content: Self.content($0, kind), comparison: Self.comparison($0))
        }
        labels = kind.fields.map { JSONValue.string($0.name).encoded + [UInt8(ascii: ":")] }
        shown = kind.fields.indices.filter { number in
            let field = kind.fields[number]
            return field.path.count == 1 && !field.hidden
                && (last == nil || field.origin != .source)
        }
        var keys: [UInt8] = []
        var ends: [Int] = []
        var roles: [Role] = []
        func add(_ key: String, _ role: Role) {
            keys += key.utf8
            ends.append(keys.count)
            roles.append(role)
        }
        for (number, field) in kind.fields.enumerated()
        where field.path.count == 1 || field.origin != .document {
            add(field.name, .field(number))
        }
        for field in kind.fields where field.origin != .document {
            for alias in field.aliases { add(alias, .ignored) }
        }
        for key in KindDefinition.serverKeys { add(key, .ignored) }
        self.keys = keys
        self.ends = ends
        self.roles = roles
    }

    private static func content(_ field: FieldDefinition, _ kind: KindDefinition) -> Content {
        switch field.origin {
        case .id: return .id
        case .source: return .source
        case .createTime: return .createTime
        case .updateTime: return .updateTime
        case .document: break
        }
        if field.name == "name" { return .name }
        guard field.path.count == 1 else { return .nested }
        return kind.readableLicense && field.name == "license" ? .license : .member
    }

    private static func comparison(_ field: FieldDefinition) -> Comparison {
        guard field.filterable || field.sortable else { return .never }
        return switch field.type {
        case .string: .string
        case .boolean: .boolean
        case .integer: .integer
        default: .other
        }
    }

    /// What a key stands for; compares it with those of its length.
    package func role(of key: Range<Int>, in text: borrowing Span<UInt8>) -> Role {
        var start = 0
        for position in ends.indices {
            let end = ends[position]
            defer { start = end }
            guard end - start == key.count else { continue }
            var offset = 0
            while offset < key.count, keys[start + offset] == text[key.lowerBound + offset] {
                offset += 1
            }
            if offset == key.count { return roles[position] }
        }
        return .extra
    }
}
