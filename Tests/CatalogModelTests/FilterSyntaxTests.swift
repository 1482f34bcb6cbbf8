import CatalogModel
import Testing

@Suite("Filter query syntax")
struct FilterSyntaxTests {
    @Test(
        "Malformed queries are refused with their place",
        arguments: [
            ("name", 5), ("name =", 7), ("= 'a'", 1), ("name = 'a", 8), ("name = 'a' AND", 15),
            ("name = 'a' name = 'b'", 12), ("(name = 'a'", 12), ("name = 'a')", 11),
            ("name IN ()", 10), ("name IN ('a',)", 14), ("name IN 'a'", 9), ("name = abc", 8),
            ("name == 'a'", 7), ("NOT (name = 'a')", 5), ("name IS NULL", 6), ("`` = 1", 1),
            ("`a = 1", 1), ("a. = 1", 3), ("1a = 1", 1), ("name = 0x10", 8), ("name = nan", 8),
            ("name = 1e999", 8), ("a BETWEEN 1 AND 2", 3), ("name = 'a\\", 8),
            ("name LIKEx 'a'", 6),
            ("name ! 'a'", 6), ("a = 1 ; DROP TABLE x", 7), ("é = 1", 1), ("name IN ('a' 'b')", 14),
        ])
    func malformed(query: String, position: Int) throws {
        let error = #expect(throws: RequestError.self) {
            try FilterExpression.parse(query, dialect: .full)
        }
        #expect(error?.code == .badRequest)
        let message = error?.message ?? ""
        #expect(message.hasPrefix("invalid filter query syntax: "))
        #expect(message.hasSuffix("at position \(position)"), "\(message)")
    }

    @Test("Bare words are values in the plain catalogs only")
    func bareWords() throws {
        #expect(try FilterExpression.parse("a = b-c.d:e", dialect: .catalog) != nil)
        #expect(throws: RequestError.badRequest("")) {
            try FilterExpression.parse("a = b", dialect: .full)
        }
    }

    @Test("Length, nesting, conditions and lists are bounded")
    func limits() throws {
        let long = "name = '" + String(repeating: "x", count: 1017) + "'"
        let error = #expect(throws: RequestError.self) {
            try FilterExpression.parse(long, dialect: .catalog)
        }
        #expect(error?.message == "filterQuery exceeds maximum length of 1024 characters")
        #expect(try FilterExpression.parse(long, dialect: .full) != nil)
        func nested(_ depth: Int) -> String {
            String(repeating: "(", count: depth) + "a=1" + String(repeating: ")", count: depth)
        }
        func joined(_ count: Int) -> String {
            Array(repeating: "a=1", count: count).joined(separator: " OR ")
        }
        func list(_ count: Int) -> String {
            "a IN (" + Array(repeating: "1", count: count).joined(separator: ",") + ")"
        }
        for query in [nested(32), joined(100), list(100)] {
            #expect(try FilterExpression.parse(query, dialect: .full) != nil)
        }
        for query in [nested(33), joined(101), list(101)] {
            #expect(throws: RequestError.badRequest("")) {
                try FilterExpression.parse(query, dialect: .full)
            }
        }
    }

    @Test("Escapes in texts are undone")
    func escapes() throws {
        let expression = try FilterExpression.parse(#"a = 'it\'s \\ \"x\"\n'"#, dialect: .full)
        guard case .comparison(let test)? = expression else {
            Issue.record("expected a comparison")
            return
        }
        #expect(test.literal.text == "it's \\ \"x\"\n")
    }

    @Test("The canonical form does not depend on spelling")
    func canonical() throws {
        let one = try FilterExpression.parse("a='x'  and (b<>2 Or c like \"y%\")", dialect: .full)
        let two = try FilterExpression.parse(
            "`a` = \"x\" AND ( b != 2 OR c LIKE 'y%')", dialect: .full)
        #expect(one?.description == two?.description)
        #expect(one?.description == "(`a` = \"x\" AND (`b` != 2 OR `c` LIKE \"y%\"))")
    }

    @Test("Random queries never stop the parser", arguments: [11, 12, 13] as [UInt64])
    func fuzz(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "name", "count", "tags", "artifacts.hw", "size.int_value", "`x`", "`", "=", "!=", "<>",
            "<=", ">", "LIKE", "ILIKE", "IN", "(", ")", ",", "'a%'", "\"b", "'", "\\", "5",
            "-1.5e3",
            "true", "AND", "OR", "--", "\n", ".", "é", "\u{0}", ";", "word", "''",
        ]
        let record = SampleRecord()
        for _ in 0..<4000 {
            let count = Int.random(in: 0..<14, using: &generator)
            let query = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }
                .joined(separator: Bool.random(using: &generator) ? " " : "")
            for dialect in [FilterDialect.catalog, .full] {
                do {
                    _ = try matches(query, dialect, record)
                } catch let error as RequestError {
                    #expect(error.code == .badRequest)
                }
            }
        }
    }
}
