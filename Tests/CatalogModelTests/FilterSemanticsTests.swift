import CatalogModel
import Testing

@Suite("Filter queries on records")
struct FilterSemanticsTests {
    @Test(
        "The full grammar's meaning",
        arguments: [
            ("", true), ("  -- nothing\n ", true),
            ("name = 'Code-Review_Agent'", true), ("name = 'code-review_agent'", false),
            ("name != 'x'", true), ("name <> 'x'", true), ("name <> 'Code-Review_Agent'", false),
            ("name > 'A'", true), ("name < 'A'", false), ("name >= 'Code-Review_Agent'", true),
            ("code = 'aBc'", true), ("code LIKE 'ab_'", true),
            ("count = 12", true), ("count != 12", false), ("count > 11.5", true),
            ("count <= 11", false), ("count IN (1, 12)", true), ("count = '12'", true),
            ("count > -3", true), ("count < 1.3e1", true), ("count > 99999999999999999999", false),
            ("score = 2.5", true), ("score > 2", true), ("score IN (2, 3)", false),
            ("verified = true", true), ("verified = FALSE", false), ("verified != false", true),
            ("verified = 'true'", true), ("verified IN (true, false)", true),
            ("name LIKE 'Code%'", true), ("name LIKE 'code%'", false), ("name ILIKE 'code%'", true),
            ("name LIKE 'Code'", false), ("name LIKE '%Review_Agent'", true),
            ("name LIKE 'Code_Review_Agent'", true), ("name LIKE 'Code\\\\_Review%'", false),
            ("name LIKE '%Review\\\\_Agent'", true), ("name iLiKe \"%AGENT\"", true),
            ("tags = 'chat'", true), ("tags = 'Chat'", false), ("tags != 'x'", true),
            ("tags != 'chat'", false), ("tags IN ('x', 'chat')", true), ("tags IN ('x')", false),
            ("tags LIKE '%\"chat\"%'", true), ("tags LIKE 'chat'", false),
            ("tags ILIKE '%text-gen%'", true),
            ("license = 'x'", false), ("license != 'x'", false), ("license LIKE '%'", false),
            ("license IN ('x')", false), ("unknown != 1", false),
            ("name = 'x' OR count = 12", true), ("name = 'x' AND count = 12", false),
            ("count = 12 or name = 'x' and name = 'y'", true),
            ("(count = 12 or name = 'x') and name = 'y'", false),
            ("((count=12))AND(score>2)", true),
            ("count = 12 -- AND name = 'x'\n AND score > 2", true),
        ])
    func full(query: String, expected: Bool) throws {
        #expect(try matches(query, .full) == expected)
    }

    @Test(
        "Custom properties",
        arguments: [
            ("size = 7", true), ("ratio = 7", true), ("ratio = 7.0", true), ("size > 6", true),
            ("size.int_value = 7", true), ("size.double_value = 7", false),
            ("ratio.double_value >= 7", true), ("ratio.int_value = 7", false),
            ("label = 'Blue'", true), ("label = 'blue'", false),
            ("label.string_value = 'Blue'", true),
            ("label = 7", false), ("size = '7'", false), ("size.string_value = '7'", false),
            ("flag = false", true), ("flag.bool_value != true", true), ("flag = 'false'", false),
            ("list = 'a'", true), ("list.array_value IN ('b', 'c')", true), ("list != 'a'", false),
            ("customProperties.size = 7", true),
            ("customProperties.label.string_value LIKE 'B%'", true),
            ("`my-prop` = 'x'", true), ("`customProperties.my-prop` = 'x'", true),
            ("customProperties.`my-prop`.string_value = 'x'", true), ("`a.b` = 'dotted'", true),
            ("a.b != 'x'", true),
        ])
    func custom(query: String, expected: Bool) throws {
        #expect(try matches(query, .full) == expected)
    }

    @Test(
        "Conditions on artifacts hold for one and the same artifact",
        arguments: [
            ("artifacts.hw = 'H100'", true), ("artifacts.hw = 'B200'", false),
            ("artifacts.hw != 'H100'", true),
            ("artifacts.hw = 'H100' AND artifacts.rps > 8", false),
            ("artifacts.hw = 'A100' AND artifacts.rps > 8", true),
            ("artifacts.hw = 'H100' AND name LIKE 'Code%' AND artifacts.rps > 8", false),
            ("artifacts.hw = 'H100' AND (count = 12 AND artifacts.rps > 8)", false),
            ("artifacts.hw = 'H100' AND (artifacts.rps > 8 OR artifacts.n = 1)", true),
            ("artifacts.hw = 'H100' AND (artifacts.rps > 8 OR artifacts.n = 2)", false),
            ("artifacts.hw = 'H100' AND (artifacts.rps > 8 OR count = 12)", true),
            ("artifacts.hw = 'H100' OR artifacts.rps > 100", true),
            ("artifacts.rps.double_value > 5 AND artifacts.n.int_value = 2", true),
            ("artifacts.none != 'x'", false),
        ])
    func artifacts(query: String, expected: Bool) throws {
        #expect(try matches(query, .full) == expected)
        var bare = SampleRecord()
        bare.artifacts = []
        if !query.contains("count") { #expect(try !matches(query, .full, bare)) }
    }

    @Test(
        "The plain catalogs' meaning",
        arguments: [
            ("name = 'CODE-review_agent'", true), ("name = code-review_agent", true),
            ("name != 'code-review_agent'", false), ("name = 'code'", false),
            ("name LIKE 'REVIEW'", true), ("name LIKE '%review%'", true),
            ("name LIKE 'code%'", true),
            ("name LIKE 'review%'", false), ("name LIKE 'w_a'", true), ("name LIKE %AGENT", true),
            ("name ILIKE 'agent'", true), ("name IN ('x', 'CODE-REVIEW_AGENT')", true),
            ("name > 'a'", true), ("name > 'D'", false),
            ("tags = 'chat'", true), ("tags = 'TEXT-GENERATION'", true),
            ("tags = 'text-generation,chat'", true), ("tags = 'chat,text-generation'", false),
            ("tags != 'chat'", false), ("tags != 'text-generation,chat'", false),
            ("tags != 'x'", true), ("tags LIKE 'generation,c'", true), ("tags LIKE 'cha%'", true),
            ("tags IN ('x', 'Chat')", true), ("tags IN ('x')", false),
            ("count >= 12", true), ("count > 9", true), ("count = '12'", true),
            ("count = 'abc'", false), ("count != 'abc'", true), ("count LIKE '1'", true),
            ("count IN (1, 12)", true), ("count IN ('a', 12)", true),
            ("verified = true", true), ("verified = yes", false), ("verified = 'TRUE'", true),
            ("license = 'x'", false), ("license != 'x'", false), ("nothing = 'x'", false),
            ("name LIKE code AND (count = 1 OR count = 12)", true),
            ("size = 7", true), ("label = BLUE", true),
        ])
    func catalog(query: String, expected: Bool) throws {
        #expect(try matches(query, .catalog) == expected)
    }

    @Test("Unquoted versions compare as text in the plain catalogs")
    func bareVersions() throws {
        var record = SampleRecord()
        record.values[6] = .string("1.0")
        #expect(try matches("license = 1.0", .catalog, record))
        #expect(try matches("license = 1.00", .catalog, record) == false)
        record.values[6] = .string("1.0.3")
        #expect(try matches("license = 1.0.3", .catalog, record))
    }

    @Test(
        "Wrong types are refused in the full grammar",
        arguments: [
            "count = 'abc'", "count > true", "count LIKE '1%'", "name = 5", "name = true",
            "name LIKE 5", "verified = 1", "verified > true", "verified = 'yes'", "tags > 'a'",
            "tags = 5", "name IN ('a', 5)", "size IN ('a', 5)", "size.int_value = 'x'",
            "label.string_value = 5", "flag.bool_value = 'maybe'", "score = 'high'",
        ])
    func mismatch(query: String) throws {
        let error = #expect(throws: RequestError.self) { try compile(query, .full) }
        #expect(error?.code == .badRequest)
        #expect(error?.message.hasPrefix("invalid filter query, type mismatch") == true)
        #expect(error?.message.contains("at position 1") == true)
    }

    @Test("Indexes get conditions that every match fulfils")
    func narrowings() throws {
        func narrowings(_ query: String, _ dialect: FilterDialect) throws -> [Narrowing] {
            try compile(query, dialect)?.narrowings { [.string, .integer][min($0, 1)] } ?? []
        }
        let both = try narrowings("score > 1 AND name = 'Ab'", .full)
        #expect(both.contains(Narrowing(field: 0, values: .anyOf([.string("ab")]))))
        #expect(both.contains { $0.values == .numbers(from: 1, to: nil) })
        #expect(
            try narrowings("count IN (1, 2)", .catalog) == [
                Narrowing(field: 1, values: .anyOf([.integer(1), .integer(2)]))
            ])
        #expect(
            try narrowings("name LIKE 'Ab%c'", .full) == [
                Narrowing(field: 0, values: .prefix("ab"))
            ])
        #expect(
            try narrowings("name >= 'Ab'", .catalog) == [
                Narrowing(field: 0, values: .texts(from: "ab", to: nil))
            ])
        // Folded keys are not in the order of texts that are compared as they are.
        #expect(try narrowings("name >= 'Ab'", .full).isEmpty)
        for query in [
            "name = 'a' OR count = 1", "name != 'a'", "name LIKE '%a'", "tags = 'a'", "size = 1",
            "artifacts.hw = 'a'",
        ] {
            #expect(try narrowings(query, .full).isEmpty, "\(query)")
        }
        let nested = try compile("(verified = true AND count = 3) AND name = 'x'", .full)
        #expect(nested?.narrowings { _ in .string }.map(\.field) == [3, 1, 0])
        #expect(nested?.fields == [0, 1, 3])
        #expect(nested?.needsDocument == false)
        #expect(try compile("name = 'a' OR artifacts.hw = 'a'", .full)?.needsDocument == true)
    }

    @Test(
        "Custom property values are read in both forms",
        arguments: [
            (#"{"string_value":"a","metadataType":"MetadataStringValue"}"#, FieldValue.string("a")),
            (#"{"int_value":"42","metadataType":"MetadataIntValue"}"#, .integer(42)),
            (#"{"int_value":42}"#, .integer(42)), (#"{"int_value":"x"}"#, .missing),
            (#"{"double_value":5}"#, .double(5)), (#"{"bool_value":true}"#, .boolean(true)),
            (#"{"struct_value":"e30="}"#, .missing), ("{}", .missing), ("null", .missing),
            ("5", .integer(5)), ("5.0", .double(5)), ("true", .boolean(true)),
            (#""a""#, .string("a")),
            (#"["a","b"]"#, .strings(["a", "b"])), (#"["a",1]"#, .missing),
        ])
    func properties(json: String, expected: FieldValue) throws {
        #expect(FieldValue(property: try JSONParser.parse(json)) == expected)
    }
}
