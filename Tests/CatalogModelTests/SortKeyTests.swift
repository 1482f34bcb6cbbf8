import CatalogModel
import Testing

@Suite("Sort keys")
struct SortKeyTests {
    @Test("The order of keys is the order of values")
    func order() {
        let ascending: [FieldValue] = [
            .missing, .boolean(false), .boolean(true), .double(-.infinity), .integer(.min),
            .double(-1e10), .integer(-2), .double(-1.5), .integer(-1),
            .double(-.leastNonzeroMagnitude), .integer(0),
            .double(.leastNonzeroMagnitude), .double(0.5), .integer(1), .double(1.5), .integer(2),
            .integer(10),
            .integer(9_007_199_254_740_991), .integer(9_007_199_254_740_992), .double(.infinity),
            .string(""), .string("A"), .string("a b"), .string("aa"), .strings(["Ab", "c"]),
            .string("ab-"), .string("B"), .string("z"), .string("ä"), .string("日"),
        ]
        let keys = ascending.map { SortKey($0) }
        for (left, right) in zip(keys, keys.dropFirst()) { #expect(left < right) }
    }

    @Test("Equal values have equal keys")
    func equality() {
        #expect(SortKey(.integer(3)) == SortKey(.double(3)))
        #expect(SortKey(.double(0)) == SortKey(.double(-0.0)))
        #expect(SortKey(.string("ÄbC")) == SortKey(.string("äBc")))
        #expect(SortKey(.double(.nan)) == SortKey(.missing))
        #expect(SortKey(.strings(["a", "b"])) == SortKey(.string("A,B")))
    }

    @Test("Long texts are cut and no key begins another")
    func bounds() {
        let long = String(repeating: "x", count: 500)
        #expect(SortKey(.string(long)).bytes.count == SortKey.maximumBytes)
        #expect(SortKey(.string(long + "a")) == SortKey(.string(long + "b")))
        #expect(SortKey(.string(String(repeating: "é", count: 500))).bytes.count == 242)
        #expect(!SortKey(.string("a\u{0}b")).bytes.dropLast().contains(0))
        let short = SortKey(.string("ab")).bytes + [0xFF, 0xFF]
        #expect(short.lexicographicallyPrecedes(SortKey(.string("abc")).bytes))
    }

    @Test("Absent values can go last")
    func missingLast() {
        #expect(SortKey(.string("\u{10FFFF}")) < SortKey(.missing, missingLast: true))
    }

    @Test("Numbers keep their order", arguments: [21, 22] as [UInt64])
    func randomNumbers(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let left = Double(bitPattern: generator.next())
            let right = Double(bitPattern: generator.next())
            guard !left.isNaN, !right.isNaN else { continue }
            #expect((SortKey(.double(left)) < SortKey(.double(right))) == (left < right))
        }
    }

    @Test("The direction is read in any case")
    func direction() {
        #expect(SortOrder("desc") == .descending)
        #expect(SortOrder("Asc") == .ascending)
        #expect(SortOrder("down") == nil)
        #expect(SortOrder(parameter: nil) == .ascending)
        #expect(SortOrder(parameter: "DESC") == .descending)
        #expect(SortOrder(parameter: "x") == .ascending)
    }

    @Test("Folding lowers every letter")
    func folding() {
        #expect(Fold.fold("abc-1") == "abc-1")
        #expect(Fold.fold("AbC") == "abc")
        #expect(Fold.fold("ÄÉ") == "äé")
    }
}

@Suite("Page tokens")
struct PageTokenTests {
    private let query = "default/agents/Agent?orderBy=name&sortOrder=ASC"

    @Test(
        "Tokens come back unchanged",
        arguments: [
            ([], 0), ([1], 1), ([4, 0x61, 0], -1), (Array(repeating: 0xFF, count: 242), Int64.max),
            (Array(0...255), Int64.min),
        ] as [([UInt8], Int64)])
    func roundTrip(key: [UInt8], id: Int64) throws {
        let token = PageToken(query: query, key: key, id: id)
        let decoded = try PageToken(decoding: token.encoded, query: query)
        #expect(decoded == token)
        #expect(decoded.key == key)
        #expect(decoded.id == id)
        let safe = token.encoded.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || $0 == 0x2D || $0 == 0x5F
        }
        #expect(safe)
    }

    @Test("Lists by time use the same tokens")
    func timeTokens() throws {
        let token = PageToken(query: "audit", timeMs: 1_738_000_000_000, recordID: "01-ä")
        let decoded = try PageToken(decoding: token.encoded, query: "audit")
        #expect(decoded.timeMs == 1_738_000_000_000)
        #expect(decoded.recordID == "01-ä")
    }

    @Test("A token of another query is refused")
    func otherQuery() throws {
        let token = PageToken(query: query, key: [1], id: 1)
        let error = #expect(throws: RequestError.self) {
            try PageToken(decoding: token.encoded, query: query + "&filterQuery=x")
        }
        #expect(error?.code == .badRequest)
        #expect(error?.message == "invalid page token: it belongs to another query")
    }

    @Test("Garbage is refused", arguments: ["", "MQ==", "MQ", "a", "!", "ü", "null", "0", "-1"])
    func garbage(text: String) {
        let error = #expect(throws: RequestError.self) { try PageToken(decoding: text) }
        #expect(error?.code == .badRequest)
        #expect(error?.message == "invalid page token")
    }

    @Test("Every changed character is noticed")
    func tampering() {
        let token = Array(PageToken(query: query, key: [4, 0x61, 0], id: 77).encoded.utf8)
        for index in token.indices {
            for replacement in "Az09-_".utf8 where token[index] != replacement {
                var changed = token
                changed[index] = replacement
                let text = String(decoding: changed, as: UTF8.self)
                #expect(throws: RequestError.badRequest("")) { try PageToken(decoding: text) }
            }
        }
        for length in token.indices {
            let text = String(decoding: token[..<length], as: UTF8.self)
            #expect(throws: RequestError.badRequest("")) { try PageToken(decoding: text) }
        }
        let long = String(repeating: "A", count: 5000)
        #expect(throws: RequestError.badRequest("")) { try PageToken(decoding: long) }
    }

    @Test("Ten thousand random texts never stop the reader")
    func fuzz() {
        var generator = SeededGenerator(seed: 31)
        let alphabet = Array("ABCDEFabcdef0123456789-_=+/ %\u{e9}")
        var accepted = 0
        for _ in 0..<10_000 {
            let count = Int.random(in: 0..<80, using: &generator)
            let text = String(
                (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? "A" })
            if (try? PageToken(decoding: text)) != nil { accepted += 1 }
        }
        #expect(accepted == 0)
    }

    @Test("Base64 for URLs follows the standard's examples")
    func base64() {
        let examples = [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
        ]
        for (plain, encoded) in examples {
            #expect(Base64URL.encode(Array(plain.utf8)) == encoded)
            #expect(Base64URL.decode(encoded) == Array(plain.utf8))
        }
        #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8")
        for text in ["Zh", "Z", "Zg==", "Zm8+", "-_9"] { #expect(Base64URL.decode(text) == nil) }
    }
}
