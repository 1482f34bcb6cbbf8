import CatalogModel

/// A small kind: 0 name, 1 count, 2 score, 3 verified, 4 tags, 5 code (any case), 6 license.
struct SampleFields: FilterFields {
    func resolve(_ path: String) -> FilterField {
        switch path {
        case "name": return .field(0, .string, caseInsensitive: false)
        case "count": return .field(1, .integer, caseInsensitive: false)
        case "score": return .field(2, .double, caseInsensitive: false)
        case "verified": return .field(3, .boolean, caseInsensitive: false)
        case "tags": return .field(4, .stringArray, caseInsensitive: false)
        case "code": return .field(5, .string, caseInsensitive: true)
        case "license": return .field(6, .string, caseInsensitive: false)
        default: break
        }
        let (name, suffix) = ValueType.split(path)
        if name.hasPrefix("artifacts.") {
            return .artifact(name: String(name.dropFirst("artifacts.".count)), suffix: suffix)
        }
        if name.hasPrefix("customProperties.") {
            return .custom(name: String(name.dropFirst("customProperties.".count)), suffix: suffix)
        }
        return .custom(name: name, suffix: suffix)
    }
}

struct SampleRecord: FilterRecord {
    var values: [FieldValue] = [
        .string("Code-Review_Agent"), .integer(12), .double(2.5), .boolean(true),
        .strings(["Text-Generation", "chat"]), .string("AbC"), .missing,
    ]
    var custom: [String: FieldValue] = [
        "size": .integer(7), "ratio": .double(7), "label": .string("Blue"),
        "flag": .boolean(false), "list": .strings(["a", "b"]), "my-prop": .string("x"),
        "a.b": .string("dotted"),
    ]
    var artifacts: [[String: FieldValue]] = [
        ["hw": .string("H100"), "rps": .double(5), "n": .integer(1)],
        ["hw": .string("A100"), "rps": .double(9), "n": .integer(2)],
    ]

    func value(ofField number: Int) -> FieldValue { values[number] }
    func customValue(_ name: String) -> FieldValue { custom[name] ?? .missing }
    var artifactCount: Int { artifacts.count }

    func artifactValue(_ index: Int, _ name: String) -> FieldValue {
        artifacts[index][name] ?? .missing
    }
}

func compile(_ query: String, _ dialect: FilterDialect) throws -> Predicate? {
    try FilterExpression.parse(query, dialect: dialect)?.bind(to: SampleFields(), dialect: dialect)
}

func matches(
    _ query: String, _ dialect: FilterDialect, _ record: SampleRecord = SampleRecord()
) throws -> Bool {
    try compile(query, dialect)?.matches(record) ?? true
}
