import CatalogModel
import Testing

@Suite("JSON reading and writing")
struct JSONTests {
    @Test(
        "Valid documents come back compact and unchanged",
        arguments: [
            (" null ", "null"), ("[true , false]", "[true,false]"), ("\"a\\/b\"", "\"a/b\""),
            ("{ \"b\" : 1 , \"a\" : [ ] }", "{\"b\":1,\"a\":[]}"), ("-0", "-0"), ("1.50", "1.50"),
            ("1e3", "1e3"), ("12345678901234567890", "12345678901234567890"),
            ("\"\\u00e9\\ud83d\\ude00\"", "\"é😀\""),
            ("\"\\u0001\\n\\\"\\\\\"", "\"\\u0001\\n\\\"\\\\\""),
            ("\"\u{7f}ü\"", "\"\u{7f}ü\""), ("{}", "{}"),
            ("1.7976931348623157e308", "1.7976931348623157e308"),
        ])
    func roundTrip(text: String, expected: String) throws {
        #expect(try JSONParser.parse(text).encodedText == expected)
    }

    @Test(
        "Malformed documents are refused with their place",
        arguments: [
            ("", 0), ("  ", 2), ("nul", 3), ("[1,]", 3), ("[1 2]", 3), ("{\"a\" 1}", 5),
            ("{\"a\":1,}", 7), ("{a:1}", 1), ("01", 0), ("1.", 2), ("1e", 2), ("+1", 0), (".5", 0),
            ("-", 1), ("\"a", 2), ("\"\\x\"", 1), ("\"\\u12g4\"", 5), ("\"\n\"", 1), ("1 2", 2),
            ("'a'", 0), ("NaN", 0), ("[", 1), ("{", 1), ("\"\\", 1), ("// c", 0), ("\u{FEFF}1", 0),
            ("{\"a\":1 \"b\":2}", 7),
        ])
    func syntax(text: String, offset: Int) throws {
        let error = #expect(throws: JSONError.self) { try JSONParser.parse(text) }
        #expect(error?.code == .syntax)
        #expect(error?.offset == offset)
    }

    @Test(
        "What the database cannot hold is refused",
        arguments: [
            ("\"\\u0000\"", JSONError.Code.invalidText), ("\"\\ud800\"", .invalidText),
            ("\"\\udc00\"", .invalidText), ("\"\\ud800\\u0041\"", .invalidText),
            ("1e309", .numberOutOfRange), ("1e-309", .numberOutOfRange),
            ("1e99999999999999999999", .numberOutOfRange), ("1.9e308", .numberOutOfRange),
            (String(repeating: "1", count: 401), .numberOutOfRange),
            (String(repeating: "1", count: 310), .numberOutOfRange),
            ("{\"a\":1,\"a\":2}", .duplicateKey),
            ("{\"a\":{\"b\":1,\"\\u0062\":1}}", .duplicateKey),
            (String(repeating: "[", count: 65), .tooDeep),
        ])
    func limits(text: String, code: JSONError.Code) throws {
        let error = #expect(throws: JSONError.self) { try JSONParser.parse(text) }
        #expect(error?.code == code)
    }

    @Test("Invalid UTF-8 is refused")
    func invalidText() {
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
        ] {
            let error = #expect(throws: JSONError.self) { try JSONParser.parse(bytes) }
            #expect(error?.code == .invalidText)
        }
        #expect(throws: JSONError.self) { try JSONParser.parse([0xFF]) }
    }

    @Test("Errors name line and column")
    func place() {
        let error = #expect(throws: JSONError.self) { try JSONParser.parse("{\n  \"a\": x}") }
        #expect(error?.line == 2)
        #expect(error?.column == 8)
        #expect(error?.requestError.code == .badRequest)
        #expect(
            error?.requestError.message
                == "invalid JSON: unexpected character at line 2, column 8 (byte 9)")
    }

    @Test("Large objects find repeated keys too")
    func manyKeys() throws {
        let keys = (0..<40).map { "\"k\($0)\":\($0)" }
        let object = try JSONParser.parse("{" + keys.joined(separator: ",") + "}").objectValue
        #expect(object?.count == 40)
        #expect(object?["k39"]?.intValue == 39)
        for repeated in ["k0", "k15", "k16", "k39"] {
            let text = "{" + keys.joined(separator: ",") + ",\"\(repeated)\":1}"
            #expect(throws: JSONError.self) { try JSONParser.parse(text) }
        }
    }

    @Test("Sixty-four levels are allowed")
    func nesting() throws {
        let text = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(try JSONParser.parse(text).encodedText == text)
        #expect(
            try JSONParser.parse("[[],[],[[]]]", limits: .init(nesting: 3)).arrayValue?.count == 3)
    }

    @Test("Numbers know their exact integer")
    func numbers() throws {
        #expect(try JSONParser.parse("9223372036854775807").intValue == Int64.max)
        #expect(try JSONParser.parse("9223372036854775808").intValue == nil)
        #expect(try JSONParser.parse("1e3").intValue == 1000)
        #expect(try JSONParser.parse("2.0").intValue == 2)
        #expect(try JSONParser.parse("2.5").intValue == nil)
        #expect(JSONNumber(2.5).text == "2.5")
        #expect(JSONNumber(100.0).text == "100")
        #expect(JSONNumber(-Double.infinity).double == -Double.greatestFiniteMagnitude)
        #expect(JSONNumber(Double.nan).text == "0")
        #expect(JSONNumber(text: "1.0")?.text == "1.0")
        for text in ["", "1 ", "true", "0x1", "1e999"] { #expect(JSONNumber(text: text) == nil) }
    }

    @Test("Objects keep order, replace in place and compare without order")
    func objects() {
        var object: JSONObject = ["b": 1, "a": 2]
        object["b"] = 3
        object["c"] = "x"
        object["a"] = nil
        #expect(JSONValue.object(object).encodedText == "{\"b\":3,\"c\":\"x\"}")
        let other: JSONObject = ["c": "x", "b": 3]
        #expect(object == other)
        #expect(object.hashValue == other.hashValue)
        #expect(object != ["c": "x", "b": 4])
        let nested: JSONValue = ["safety": ["riskLevel": "low"]]
        #expect(nested.value(at: "safety.riskLevel")?.stringValue == "low")
        #expect(nested.value(at: "safety.none.deeper") == nil)
    }

    @Test("Random and mutated input never stops the reader", arguments: [1, 2, 3] as [UInt64])
    func fuzz(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("{}[]\",:\\u0d8etrufalsn-+.1e9 \u{e9}\n".utf8) + [0, 0xFF, 0xC3]
        let sample = Array("{\"a\":[1,2.5e-3,\"x\\u00e9\\n\"],\"b\":{\"c\":null,\"d\":true}}".utf8)
        for round in 0..<3000 {
            var bytes = sample
            if round.isMultiple(of: 2) {
                bytes = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
                    alphabet.randomElement(using: &generator) ?? 0
                }
            } else {
                for _ in 0..<3 {
                    let place = Int.random(in: 0..<bytes.count, using: &generator)
                    bytes[place] = alphabet.randomElement(using: &generator) ?? 0
                }
            }
            guard let value = try? JSONParser.parse(bytes) else { continue }
            #expect(try JSONParser.parse(value.encoded) == value)
        }
    }
}

@Suite("JSON merge patch")
struct JSONMergePatchTests {
    @Test(
        "The examples of RFC 7396",
        arguments: [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
            (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
            (#"{"a":"b"}"#, #"{"a":null}"#, "{}"),
            (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
            (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
            (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
            (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
            (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
            (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
            (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#),
            (#"{"a":"foo"}"#, "null", "null"),
            (#"{"a":"foo"}"#, #""bar""#, #""bar""#),
            (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
            ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
            ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
        ])
    func examples(target: String, patch: String, result: String) throws {
        let patched = JSONMergePatch.apply(
            try JSONParser.parse(patch), to: try JSONParser.parse(target))
        #expect(patched.encodedText == result)
    }
}
