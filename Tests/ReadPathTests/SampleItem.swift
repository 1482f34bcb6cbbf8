import CatalogModel

@testable import ReadPath

/// A value of a sample entity, in plain form.
enum SampleValue: Hashable {
    case text(String)
    case number(Int)
    case flag(Bool)
    case texts([String])

    var json: String {
        switch self {
        case .text(let text): "\"\(text)\""
        case .number(let number): String(number)
        case .flag(let flag): String(flag)
        case .texts(let texts): "[" + texts.map { "\"\($0)\"" }.joined(separator: ",") + "]"
        }
    }
}

/// An entity in plain form, with the document that stands for it.
struct SampleItem {
    let kind: KindTable.Entry
    let name: String
    let source: String
    /// Declared fields by name.
    let fields: [String: SampleValue]
    /// The custom property `p`.
    let custom: Int?
    /// The property `m` of each artifact.
    let artifacts: [Double]

    var key: EntityKey { kind.key(name, source: source) }

    var doc: String {
        var members = fields.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value.json)" }
        if let custom {
            let value =
                kind.kind.hasTypedProperties
                ? #"{"int_value":"\#(custom)","metadataType":"MetadataIntValue"}"#
                : String(custom)
            members.append(#""customProperties":{"p":\#(value)}"#)
        }
        if !artifacts.isEmpty {
            let items = artifacts.map {
                #"{"uri":"u","customProperties":{"m":{"double_value":\#($0)}}}"#
            }
            members.append(#""artifacts":[\#(items.joined(separator: ","))]"#)
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    func value(_ field: String) -> SampleValue? {
        switch field {
        case "name": .text(name)
        case "sourceId", "source_id": .text(source)
        default: fields[field]
        }
    }

    /// The fields of a kind that samples fill.
    struct Shape {
        let texts: [String]
        let numbers: [String]
        let flags: [String]
        let arrays: [String]
        let searched: [String]

        init(_ kind: KindTable.Entry) {
            switch kind.plugin.name {
            case "agents":
                texts = ["category", "author", "description", "instructions", "name", "sourceId"]
                (numbers, flags, arrays, searched) = ([], [], [], [])
            case "prompts":
                texts = ["format", "version", "template", "name", "sourceId"]
                (numbers, flags, arrays, searched) = ([], [], ["taskTags"], [])
            case "mcp":
                texts = ["category", "provider", "description", "name", "sourceId"]
                (numbers, flags, arrays) = (["toolCount", "promptCount"], ["verified"], [])
                searched = ["name", "description", "provider"]
            default:
                texts = ["provider", "maturity", "description", "name", "source_id"]
                (numbers, flags, arrays) = ([], [], ["tasks", "language"])
                searched = ["name", "description", "provider", "tasks"]
            }
        }
    }

    static func random(
        _ kind: KindTable.Entry, number: Int, using generator: inout SeededGenerator
    ) -> SampleItem {
        let shape = Shape(kind)
        var fields: [String: SampleValue] = [:]
        func isThere() -> Bool { Int.random(in: 0..<5, using: &generator) > 0 }
        for field in shape.texts where !["name", "sourceId", "source_id"].contains(field) {
            if isThere() { fields[field] = .text(text(using: &generator)) }
        }
        for field in shape.numbers where isThere() {
            fields[field] = .number(Int.random(in: -3...12, using: &generator))
        }
        for field in shape.flags where isThere() {
            fields[field] = .flag(Bool.random(using: &generator))
        }
        for field in shape.arrays where isThere() {
            let count = Int.random(in: 1...3, using: &generator)
            fields[field] = .texts((0..<count).map { _ in word(using: &generator) })
        }
        let hasCustom = isThere()
        let artifacts = Int.random(in: 0...3, using: &generator)
        return SampleItem(
            kind: kind, name: word(using: &generator) + "-\(number)",
            source: ["s1", "s2", "S3"].randomElement(using: &generator) ?? "s1", fields: fields,
            custom: hasCustom ? Int.random(in: 0...4, using: &generator) : nil,
            artifacts: kind.plugin.name != "model"
                ? []
                : (0..<artifacts).map { _ in Double(Int.random(in: 0...8, using: &generator)) / 2 })
    }

    static let words = ["ab", "Ab", "AB", "abc", "b a", "ä", "Ä", "5", "true", "z-9", "日本", "a%b"]

    private static func word(using generator: inout SeededGenerator) -> String {
        words.randomElement(using: &generator) ?? "ab"
    }

    /// Sometimes longer than what a record holds beside its body.
    private static func text(using generator: inout SeededGenerator) -> String {
        let word = word(using: &generator)
        guard Int.random(in: 0..<8, using: &generator) == 0 else { return word }
        return String(repeating: word + " ", count: 130)
    }
}
