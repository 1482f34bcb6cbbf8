import CatalogModel
import Testing
import WritePath

@Suite("A YAML document")
struct YAMLDocumentTests {
    /// Returns what reading the text throws.
    private func refusal(of text: String) -> LoadError? {
        do {
            _ = try YAMLDocument.parse(text, file: "test.yaml")
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "reads plain scalars by the core schema",
        arguments: [
            ("1", "1"), ("-12", "-12"), ("+7", "7"), ("007", "7"), ("0x1F", "31"), ("0o17", "15"),
            ("1.50", "1.50"), (".5", "0.5"), ("5.", "5.0"), ("1e3", "1e3"), ("-0.0", "-0.0"),
            ("12345678901234567890123", "12345678901234567890123"), ("true", "true"),
            ("False", "false"), ("null", "null"), ("~", "null"), ("", "null"), ("yes", "\"yes\""),
            ("no", "\"no\""), ("on", "\"on\""), ("off", "\"off\""), ("tRue", "\"tRue\""),
            ("2025-01-20", "\"2025-01-20\""), ("1.2.3", "\"1.2.3\""), ("1_000", "\"1_000\""),
            ("0b11", "\"0b11\""), ("0o8", "\"0o8\""), ("-", "[null]"), (".", "\".\""),
            ("12:30", "\"12:30\""), ("\"1.0\"", "\"1.0\""), ("'true'", "\"true\""),
            ("!!str 1.0", "\"1.0\""), ("!!int 3", "3"), ("!!float 3", "3"), ("! 3", "3"),
            ("!!bool true", "true"), ("!!map {}", "{}"), ("!!seq []", "[]"),
        ])
    func scalars(text: String, json: String) throws {
        let node = try YAMLDocument.parse(text, file: "test.yaml")
        #expect(node.toJSON().encodedText == json)
    }

    @Test("keeps the order of keys and the text of blocks")
    func structure() throws {
        let text = """
            # comment
            zeta: |
              two
              lines
            alpha: >-
              folded
              text
            list: [1, {b: x, a: "\\u00e9"}]
            yes: y
            """
        let json = try YAMLDocument.parse(text, file: "test.yaml").toJSON().encodedText
        #expect(
            json == #"{"zeta":"two\nlines\n","alpha":"folded text","list":[1,{"b":"x","a":"é"}],"#
                + #""yes":"y"}"#)
    }

    @Test("expands aliases")
    func aliases() throws {
        let text = "base: &b {x: 1}\nuses: [*b, *b]\n"
        let json = try YAMLDocument.parse(text, file: "test.yaml").toJSON().encodedText
        #expect(json == #"{"base":{"x":1},"uses":[{"x":1},{"x":1}]}"#)
    }

    @Test("knows the place of every key and value")
    func positions() throws {
        let root = try YAMLDocument.parse("a:\n  - é: x\n    b.c: [1,\n      2]\n", file: "t")
        #expect(root.position(atPath: "a") == SourcePosition(line: 1, column: 1))
        #expect(root.position(atPath: "a[0].é") == SourcePosition(line: 2, column: 5))
        #expect(root.position(atPath: "a[0].b.c") == SourcePosition(line: 3, column: 5))
        #expect(root.position(atPath: "a[0].b.c[1]") == SourcePosition(line: 4, column: 7))
        #expect(root.position(atPath: "a[0].missing") == SourcePosition(line: 2, column: 5))
        #expect(root.position(atPath: "a[7]") == SourcePosition(line: 1, column: 1))
    }

    @Test("that is empty is null", arguments: ["", "\n\n", "# only a comment\n", "---\n"])
    func empty(text: String) throws {
        #expect(try YAMLDocument.parse(text, file: "t").value == .null)
    }

    @Test(
        "is refused with the place of what is wrong",
        arguments: [
            ("a: 1\n---\nb: 2\n", LoadError.Code.yamlSyntax, "test.yaml:2:1: "),
            ("a: [1, 2\nb: 3\n", .yamlSyntax, "test.yaml:2:2: "),
            ("a: b: c\n", .yamlSyntax, "test.yaml:1:5: "),
            ("a: *nobody\n", .yamlSyntax, "test.yaml:1:4: "),
            ("a: \u{1}\n", .yamlSyntax, "test.yaml:1:4: "),
            ("a: b\né: \u{FFFE}\n", .yamlSyntax, "test.yaml:2:4: "),
            ("é: \u{0}\n", .yamlSyntax, "test.yaml:1:4: "),
            ("x: 1\nm:\n  a: 1\n  b: 2\n  a: 3\n", .duplicateKey, "test.yaml:3:3: "),
            ("a: 1\nb: 2\n!!str a: 3\n", .duplicateKey, "test.yaml:1:1: "),
            ("ok: 1\n2: two\n", .unsupportedYAML, "test.yaml:2:1: "),
            ("true: 1\n", .unsupportedYAML, "test.yaml:1:1: "),
            ("? [a]\n: 1\n", .unsupportedYAML, "test.yaml:1:3: "),
            ("a: &x {b: 1}\nc:\n  <<: *x\n", .unsupportedYAML, "test.yaml:3:3: "),
            ("a: !custom b\n", .unsupportedYAML, "test.yaml:1:4: "),
            ("a: !!binary aGk=\n", .unsupportedYAML, "test.yaml:1:4: "),
            ("a: !thing {}\n", .unsupportedYAML, "test.yaml:1:4: "),
            ("a: !!int x\n", .unsupportedYAML, "test.yaml:1:4: "),
            ("a: .nan\n", .unsupportedYAML, "test.yaml:1:4: "),
            ("a: [-.INF]\n", .unsupportedYAML, "test.yaml:1:5: "),
            ("a: 1e999\n", .unsupportedYAML, "test.yaml:1:4: "),
            ("a: 0xFFFFFFFFFFFFFFFFFF\n", .unsupportedYAML, "test.yaml:1:4: "),
            ("a:\n  b: \"x\\0y\"\n", .unsupportedYAML, "test.yaml:2:6: "),
        ] as [(String, LoadError.Code, String)])
    func refusals(text: String, code: LoadError.Code, start: String) {
        let error = refusal(of: text)
        #expect(error?.code == code)
        #expect(error?.message.hasPrefix(start) == true, "\(error?.message ?? "accepted")")
    }

    @Test("nested too deeply is refused")
    func depth() {
        let deep = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
        #expect(refusal(of: deep + "\n") == nil)
        #expect(refusal(of: "[" + deep + "]\n")?.code == .tooLarge)
        let hostile = String(repeating: "[", count: 100_000)
        #expect(refusal(of: hostile)?.code == .yamlSyntax)
    }

    @Test("is read or refused, whatever it holds", arguments: 0..<8 as Range<UInt64>)
    func mutations(seed: UInt64) {
        let start = Array(
            "a: &x [1, 'q', \"e\\n\"]\n? b\n: |+\n  text\n- {k: *x, !!str j: .5}\n%T\n---\n".utf8)
        let pieces = Array("\n :-?*&!|>%@`#{}[],'\"\\x0.~\t<=\r\u{85}\u{2028}é".unicodeScalars)
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func next(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        for _ in 0..<500 {
            var text = Array(String(decoding: start, as: UTF8.self).unicodeScalars)
            for _ in 0...next(6) {
                let piece = pieces[next(pieces.count)]
                switch next(3) {
                case 0: text.insert(piece, at: next(text.count))
                case 1: text[next(text.count)] = piece
                default: text.remove(at: next(text.count))
                }
            }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: text)
            let error = refusal(of: String(view))
            #expect(error?.problems.isEmpty != true)
        }
    }

    @Test(
        "of blocks nested without end is refused",
        arguments: ["- ", "? ", "a: {", "[? ", "- - ? ", "!x [", "&a ["])
    func blocks(piece: String) {
        let text = String(repeating: piece, count: 3_000) + "x\n"
        #expect(refusal(of: text) != nil)
    }

    @Test("larger than the limit is refused")
    func size() {
        let text = String(repeating: "#", count: SourceLimits.fileBytes + 1)
        #expect(refusal(of: text)?.code == .tooLarge)
    }
}
