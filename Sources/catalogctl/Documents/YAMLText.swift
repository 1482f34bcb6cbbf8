import CatalogModel
import Yams

/// Writes JSON values as YAML that reads back as the same values.
enum YAMLText {
    /// One document with its end of line.
    static func document(_ value: JSONValue) -> String {
        // Trees of scalars, lists and maps can always be written.
        (try? Yams.serialize(node: node(value), allowUnicode: true)) ?? "\(value.encodedText)\n"
    }

    private static func node(_ value: JSONValue) -> Node {
        switch value {
        case .null: Node("null", Tag(.null))
        case .bool(let flag): Node(flag ? "true" : "false", Tag(.bool))
        case .number(let number): Node(number.description, Tag(.implicit), .plain)
        case .string(let text): .scalar(text.represented())
        case .array(let elements): Node(elements.map { node($0) })
        case .object(let object):
            Node(object.members.map { (.scalar($0.key.represented()), node($0.value)) })
        }
    }
}
