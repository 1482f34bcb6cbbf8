import CatalogModel
import Invalidation
import Testing

@Suite("The lines between replicas")
struct FeedWireTests {
    private static let key = EntityKey(
        plugin: "mcp", kind: "McpServer", source: "a \"b\"", name: "ü\n\u{1F600}\u{1}")
    private static let epoch = Epoch("11111111-1111-4111-8111-111111111111")
    private static let entity = StoredEntity(
        key: key, id: -5, version: 3, revision: Revision(UInt64(Int64.max)), createdAtMs: -1,
        updatedAtMs: .max, doc: Array(#"{"a": [1.50, "\u0041", null],  "ü":"\\"}"#.utf8))
    private static let head = NamespaceHead(
        namespace: .default, epoch: epoch, revision: Revision(7), digest: 0x00AB)
    private static let changes = [
        LoggedChange(key: key, isDelete: false, version: 2, document: Array("{}".utf8)),
        LoggedChange(key: key, isDelete: false, version: nil, document: nil),
        LoggedChange(key: key, isDelete: true, version: nil, document: nil),
    ]

    /// One of each kind of line, with what is hard to write.
    private static let lines: [FeedWire.Line] = [
        .change(.put(entity)), .change(.delete(key)),
        .collection(
            CollectionHead(
                plugin: "mcp", kind: "McpServer", revision: Revision(7), digest: .max,
                entityCount: 1_000_000)),
        .head(head),
        .revision(LoggedRevision(revision: Revision(7), digest: 0, changes: changes)),
        .revision(LoggedRevision(revision: .zero, digest: 1, changes: [])),
        .end(.batch(after: Revision(3), behindMs: 250)), .end(.tooFar), .end(.unknownNamespace),
        .end(.copied(hasHead: true)), .end(.copied(hasHead: false)),
        .end(.page(floor: Revision(2), after: Revision(3), digestBefore: 0xFFFF)),
        .end(.page(floor: .zero, after: .zero, digestBefore: nil)),
        .end(.belowFloor(Revision(9))),
        .end(.failed(FeedError(.uncacheable, "a \"name\" is too long"))),
    ]

    private static func bytes(_ line: FeedWire.Line) -> [UInt8] {
        var bytes: [UInt8] = []
        FeedWire.append(line, to: &bytes)
        return bytes
    }

    /// What a line says, apart from its bytes.
    private static func meaning(_ line: FeedWire.Line) -> [AnyHashable] {
        switch line {
        case .change(let change): [change]
        case .collection(let head): [head]
        case .head(let head): [head]
        case .revision(let revision): [revision]
        case .end(.batch(let after, let behindMs)): ["batch", after, behindMs]
        case .end(.tooFar): ["tooFar"]
        case .end(.unknownNamespace): ["unknown"]
        case .end(.copied(let hasHead)): ["copied", hasHead]
        case .end(.page(let floor, let after, let digest)): ["page", floor, after, digest]
        case .end(.belowFloor(let floor)): ["belowFloor", floor]
        case .end(.failed(let error)): ["failed", error.code]
        }
    }

    private func read(_ bytes: some Sequence<UInt8>) -> FeedWire.Line? {
        do throws(FeedError) {
            return try FeedWire.line(Array(bytes))
        } catch {
            #expect(error.code == .malformedRow)
            return nil
        }
    }

    @Test(
        "mean the same on the other side, and have no line break but the last",
        arguments: lines.indices)
    func roundTrip(_ index: Int) throws {
        let line = Self.lines[index]
        let bytes = Self.bytes(line)
        #expect(bytes.firstIndex(of: 10) == bytes.count - 1)
        let other = try #require(read(bytes.dropLast()))
        #expect(Self.meaning(other) == Self.meaning(line))
    }

    @Test("keep every code that a replica acts upon, and take others for an outage")
    func codes() throws {
        for code in [FeedError.Code.uncacheable, .malformedRow, .overBudget, .behind] {
            let line = try #require(
                read(Self.bytes(.end(.failed(FeedError(code, "m")))).dropLast()))
            guard case .end(.failed(let error)) = line else {
                Issue.record("another line")
                continue
            }
            #expect(error.code == code)
            #expect(error.message == "the upstream says: m")
        }
        for code in [FeedError.Code.cache, .stopped, .storeUnavailable] {
            let line = try #require(
                read(Self.bytes(.end(.failed(FeedError(code, "m")))).dropLast()))
            #expect(Self.meaning(line) == ["failed", FeedError.Code.storeUnavailable])
        }
    }

    @Test("are refused when they break off anywhere", arguments: lines.indices)
    func truncated(_ index: Int) {
        let bytes = Self.bytes(Self.lines[index]).dropLast()
        for count in 0..<bytes.count {
            #expect(read(bytes.prefix(count)) == nil, "\(count) bytes of \(bytes.count)")
        }
    }

    @Test("are refused with an element too few, or one of another type", arguments: lines.indices)
    func elements(_ index: Int) throws {
        let bytes = Self.bytes(Self.lines[index])
        let elements = try #require(try JSONParser.parse(bytes).arrayValue)
        for position in elements.indices {
            var fewer = elements
            fewer.removeSubrange(position...)
            // Replicas of earlier releases send heads without the lineage, which comes last.
            let isHead = elements[0] == "head" && position == elements.count - 1
            #expect((read(JSONValue.array(fewer).encoded) != nil) == isHead, "\(position) elements")
            for wrong in [JSONValue.object([:]), .bool(true), .int(-1), .string("?"), .null] {
                guard !Self.isSame(wrong, elements[position]) else { continue }
                var other = elements
                other[position] = wrong
                let line = read(JSONValue.array(other).encoded)
                // A text may be any text, and a number any number that may be negative.
                guard let line else { continue }
                let again = Self.bytes(line)
                #expect(
                    try JSONParser.parse(again).arrayValue?.first == elements[0],
                    "\(wrong) at \(position) makes it another line")
            }
        }
    }

    private static func isSame(_ a: JSONValue, _ b: JSONValue) -> Bool { a.encoded == b.encoded }

    @Test(
        "are refused when a number, a name or a digest cannot be one",
        arguments: [
            #"["head","default","e",-1,"0000000000000007"]"#,
            #"["head","default","e",1.5,"0000000000000007"]"#,
            #"["head","default","e",18446744073709551615,"0000000000000007"]"#,
            #"["head","default","e",1,"7"]"#, #"["head","default","e",1,"+000000000000007"]"#,
            #"["head","default","e",1,7]"#, #"["head","No Such Name","e",1,"0000000000000007"]"#,
            #"["put","p","k","s","n",1,1,-1,0,0,"{}"]"#, #"["put","p","k","s","n",1,1,1,0,0,{}]"#,
            #"["collection","p","k",1,"0000000000000007",-1]"#,
            #"["revision",1,"0000000000000007",{}]"#, #"["revision",1,"0000000000000007",[1]]"#,
            #"["revision",1,"0000000000000007",[["p","k","s","n",0,null,null]]]"#,
            #"["end","batch",-1,0]"#, #"["end","batch",1,-1]"#, #"["end","page",0,0,"x"]"#,
            #"["end","copied",1]"#, #"["end","other"]"#, #"["end"]"#, #"["other"]"#, "[]", "{}",
            "", "null", #""end""#, #"["end","tooFar"]]"#, #"["end","tooFar"] x"#,
        ])
    func malformed(_ text: String) {
        #expect(read(text.utf8) == nil)
    }

    @Test("cannot do harm, whatever bytes they are made of", arguments: 0..<8)
    func random(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var accepted = 0
        for _ in 0..<2_000 {
            let line = Self.lines.randomElement(using: &random) ?? .end(.tooFar)
            var bytes = Array(Self.bytes(line).dropLast())
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.insert(UInt8.random(in: 32...126, using: &random), at: place)
                default: if bytes.count > 1 { bytes.remove(at: place) }
                }
            }
            guard let read = read(bytes) else { continue }
            accepted += 1
            // What is taken for a line can be passed on, and means the same there.
            let again = self.read(Self.bytes(read).dropLast())
            #expect(again.map { Self.meaning($0) } == Self.meaning(read))
        }
        #expect(accepted > 0, "some damage only changes a text")
    }
}
