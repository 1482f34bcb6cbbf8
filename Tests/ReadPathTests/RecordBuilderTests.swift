import CatalogModel
import Testing

@testable import ReadPath

/// The pass over bytes beside the parser, the renderer and the extractor, which say what is right.
@Suite("Records built in one pass over the bytes")
struct RecordBuilderTests {
    static let long = String(repeating: "forty eight bytes are not enough for this; ", count: 3)

    static let values = [
        "1", "-7", "0", "-0", "12345678901234567890", "1.50", "1e3", "-2.5E-1",
        "123456789012345678",
        "null", "true", "false", #""""#, #""text""#, #""99""#, #""apache-2.0""#, #""é and ü""#,
        #""a \"quoted\" \\ \n\t text""#, #""\u0041""#, #""\u001f""#, #""a\/b""#,
        #""\#(long)""#, #""\#(long)\n""#, #""\#(long)\#(long)\#(long)é""#,
        "[]", "{}", #"["a", "b,c" , ""]"#, #"[1, "x", null, {"a": [ ]}]"#,
        #"{"riskLevel": "high", "x": {"y": 1 , "z": null}}"#, #"{"é": 1, "e\u0301": 2}"#,
        #"{"string_value": "v, w: x"}"#, #"[{"uri": "u", "n": 1.5}, {"uri": "v"}]"#,
    ]

    static let broken = [
        "[1]", "", "{", "{}}", #"{"a": 1,}"#, #"{"a" 1}"#, #"{"a": 01}"#, #"{"a": 1.}"#,
        #"{"a": "x}"#, #"{"a": 1, "a": 2}"#, #"{"a": {"b": 1, "b": 2}}"#, #"{"a": "\u0000"}"#,
        #"{"a": "\ud800"}"#, #"{"a": tru}"#, #"{"a": [1 2]}"#, #"{"a": "\q"}"#, #"{"a": 1} x"#,
        String(repeating: #"{"a":"#, count: 70) + "1" + String(repeating: "}", count: 70),
        "{" + (0..<50).map { #""k\#($0)": \#($0)"# }.joined(separator: ", ") + "}",
    ]

    private func check(_ doc: [UInt8], _ kind: KindTable.Entry, name: String = "a name") throws {
        let row = StoredEntity(
            key: kind.key(name, source: "src"), id: 7, version: 3, revision: Revision(9),
            createdAtMs: 11, updatedAtMs: 12, doc: doc)
        var builder = RecordBuilder(kind)
        // Twice, so that what the first leaves behind would show in the second.
        _ = builder.build(row)
        let built = builder.build(row)
        let view = RecordView(kind: kind)
        try view.load(built.bytes.span)
        let shown = String(decoding: doc, as: UTF8.self)
        guard case .object(let document)? = try? JSONParser.parse(doc) else {
            #expect(Array(view.body) == doc, "\(shown)")
            return
        }
        var body: [UInt8] = []
        EntityRenderer.append(row, document: document, kind: kind.kind, to: &body)
        #expect(
            String(decoding: view.body, as: UTF8.self) == String(decoding: body, as: UTF8.self),
            "\(shown)")
        let expected = FieldExtractor.values(of: row, document: document, kind: kind.kind)
        #expect(view.allFields() == expected, "\(shown)")
        #expect(built.indexed == kind.indexedFields.map { expected[$0] }, "\(shown)")
        #expect(built.digest == EntityDigest.digest(of: row))
    }

    /// One of so many combinations is tried, others in each kind; CATALOG_SLOW=1 asks for all.
    private static let stride = TestSettings.isSlow ? 1 : 6

    @Test("Any value in any field gives what the parser gives", arguments: Kind.all.indices)
    func everyValueInEveryField(_ index: Int) throws {
        let kind = Kind.all[index]
        let fields = kind.kind.fields.flatMap { [$0.name] + $0.path + $0.aliases }
        var number = index
        for key in Set(fields + ["id", "source_id", "other", "ключ", "customProperties"]).sorted() {
            // Begins anew with each key, so that no value always falls to the same ones.
            number += 1
            for value in Self.values {
                for doc in [
                    #"{"\#(key)": \#(value), "z": 1}"#, #" { "a":[1 ],"\#(key)" :\#(value) }"#,
                ] {
                    number += 1
                    if number.isMultiple(of: Self.stride) { try check(Array(doc.utf8), kind) }
                }
            }
        }
    }

    @Test("What is no document is stored as it is", arguments: broken.indices)
    func brokenDocuments(_ index: Int) throws {
        for kind in Kind.all { try check(Array(Self.broken[index].utf8), kind) }
    }

    @Test("Names of every form are found again", arguments: ["n", long, "\"q\"\n", "é" + long])
    func names(_ name: String) throws {
        for kind in Kind.all {
            try check(
                Array(#"{"name": "other", "description": "\#(Self.long)"}"#.utf8), kind, name: name)
        }
    }

    @Test("A changed byte anywhere changes both ways alike")
    func changedBytes() throws {
        let doc = Array(
            #"{"name": "é", "tags": ["a\n", {"b": -1.5}], "toolCount": 12, "verified": true}"#.utf8)
        for position in doc.indices {
            for byte: UInt8 in [0x00, 0x20, 0x22, 0x2C, 0x30, 0x3A, 0x5C, 0x65, 0x7D, 0x80, 0xC3] {
                var changed = doc
                changed[position] = byte
                try check(changed, Kind.mcp)
            }
        }
    }
}
