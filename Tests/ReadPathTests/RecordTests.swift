import CatalogModel
import Testing

@testable import ReadPath

@Suite("Cache records")
struct RecordTests {
    private static func row(_ kind: KindTable.Entry, _ doc: String, name: String = "Näme")
        -> StoredEntity
    {
        StoredEntity(
            key: kind.key(name, source: "src"), id: -7, version: 3, revision: Revision(9),
            createdAtMs: 11, updatedAtMs: 12, doc: Array(doc.utf8))
    }

    private static let long = String(repeating: "long \"quoted\" é\n", count: 40)

    static let documents: [(KindTable.Entry, String)] = [
        (Kind.agent, #"{"name":"x","category":"Qa","version":"1"}"#),
        (Kind.agent, #"{"instructions":"\#(escaped(long))","author":"\#(escaped(long))"}"#),
        (Kind.prompt, #"{"taskTags":["a","","b,c"],"format":""}"#),
        (
            Kind.mcp,
            #"{"toolCount":-5,"verified":true,"certified":false,"customProperties":{"p":1.5}}"#
        ),
        (
            Kind.model,
            #"{"license":"apache-2.0","language":["en","de"],"artifacts":[{"uri":"u"}],"#
                + #""createTimeSinceEpoch":"99","readme":"\#(escaped(long))"}"#
        ),
        (Kind.agent, "{}"),
    ]

    private static func escaped(_ text: String) -> String {
        text.replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private static func load(_ bytes: [UInt8], _ kind: KindTable.Entry) throws -> RecordView {
        let view = RecordView(kind: kind)
        try view.load(bytes.span)
        return view
    }

    @Test("What was written is read", arguments: documents.indices)
    func roundTrip(_ index: Int) throws {
        let (kind, doc) = Self.documents[index]
        let row = Self.row(kind, doc)
        let built = CacheRecord.build(row, kind: kind)
        let view = try Self.load(built.bytes, kind)
        #expect(view.isIntact())
        #expect(view.id == -7)
        #expect(view.version == 3)
        #expect(view.revision == Revision(9))
        #expect(view.name == "Näme")
        #expect(view.source == "src")
        #expect(view.digest == EntityDigest.digest(of: row))
        #expect(view.byteCount == built.bytes.count)
        guard case .object(let document) = try JSONParser.parse(Array(doc.utf8)) else {
            Issue.record("the document is no object")
            return
        }
        let expected = FieldExtractor.values(of: row, document: document, kind: kind.kind)
        #expect(view.allFields() == expected)
        #expect(built.indexed == kind.indexedFields.map { expected[$0] })
        var body: [UInt8] = []
        EntityRenderer.append(row, document: document, kind: kind.kind, to: &body)
        #expect(Array(view.body) == body)
        let reference = EntityRecord(values: expected, document: document)
        #expect(view.artifactCount == reference.artifactCount)
        #expect(view.customValue("p") == reference.customValue("p"))
    }

    @Test("A view is reused without leftovers of the record before")
    func reuse() throws {
        let view = RecordView(kind: Kind.model)
        let full = Self.row(
            Kind.model,
            #"{"artifacts":[{"uri":"u"}],"customProperties":{"p":{"string_value":"v"}}}"#)
        try view.load(CacheRecord.build(full, kind: Kind.model).bytes.span)
        #expect(view.artifactCount == 1)
        #expect(view.artifactValue(0, "uri") == .string("u"))
        #expect(view.customValue("p") == .string("v"))
        try view.load(CacheRecord.build(Self.row(Kind.model, "{}"), kind: Kind.model).bytes.span)
        #expect(view.artifactCount == 0)
        #expect(view.customValue("p") == .missing)
    }

    @Test(
        "A document that is no entity is stored as it is",
        arguments: ["[1, 2]", "not json", "", "\"text\"", "{\"a\":"])
    func unparseable(_ doc: String) throws {
        let name = String(repeating: "n", count: 300)
        let row = Self.row(Kind.agent, doc, name: name)
        let built = CacheRecord.build(row, kind: Kind.agent)
        let view = try Self.load(built.bytes, Kind.agent)
        #expect(Array(view.body) == Array(doc.utf8))
        #expect(view.isIntact())
        let number = try #require(Kind.agent.kind.fieldNumber(named: "sourceId"))
        #expect(view.value(ofField: number) == .string("src"))
        let nameNumber = try #require(Kind.agent.kind.fieldNumber(named: "name"))
        #expect(view.value(ofField: nameNumber) == .string(name))
        #expect(built.indexed == Kind.agent.indexedFields.map { view.value(ofField: $0) })
    }

    @Test("Every changed byte is noticed, and none makes reading trap")
    func flippedBytes() throws {
        let row = Self.row(
            Kind.prompt, #"{"taskTags":["a","b"],"format":"raw","description":"d"}"#)
        let good = CacheRecord.build(row, kind: Kind.prompt).bytes
        for position in good.indices {
            for flip in [UInt8(0x01), 0x80, 0xFF] {
                var bad = good
                bad[position] ^= flip
                let view = RecordView(kind: Kind.prompt)
                do throws(ReadError) {
                    try view.load(bad.span)
                    #expect(!view.isIntact(), "byte \(position)")
                    // Reading may give nonsense, but it ends.
                    _ = view.allFields()
                } catch {
                    #expect(error.code == .damaged, "byte \(position)")
                }
            }
        }
    }

    @Test("A record that was cut short is damaged at every length")
    func truncated() throws {
        let good = CacheRecord.build(Self.row(Kind.agent, #"{"category":"c"}"#), kind: Kind.agent)
        for length in 0..<good.bytes.count {
            let cut = Array(good.bytes.prefix(length))
            #expect(code { _ = try Self.load(cut, Kind.agent) } == .damaged, "\(length) bytes")
        }
    }

    @Test("The digest is the one that the store computes")
    func digest() {
        // Computed elsewhere over the same bytes: the parts, joined by zero bytes.
        let row = Self.row(Kind.mcp, #"{"name": "Näme", "toolCount": 5}"#)
        #expect(EntityDigest.digest(of: row) == 0x91E1_FC04_00C7_8B62)
        let fixed = StoredEntity(
            key: Kind.agent.key("n", source: "s"), id: 1, version: 1, revision: Revision(1),
            createdAtMs: 0, updatedAtMs: 0, doc: Array("{}".utf8))
        #expect(EntityDigest.digest(of: fixed) == 0x1155_8E3A_8850_7811)
    }
}
