import CatalogModel
import TestSupport
import Testing

@Suite("Filters", .turns, .timeLimit(.minutes(5)))
struct FilterContractTests {
    private func list(_ catalog: Catalog, _ filter: String) async throws -> HTTPResponse {
        try await SharedServer.get().client.get(
            target(catalog.list, ["filterQuery": filter, "pageSize": "1000"]))
    }

    /// The names that a filter keeps; fails for anything but a list.
    private func names(_ catalog: Catalog, _ filter: String) async throws -> Set<String> {
        let response = try await list(catalog, filter)
        try #require(response.status == 200, "\(filter): \(response.text)")
        return Set(try response.names())
    }

    @Test("every declared field is accepted with each of its operators", arguments: Catalog.all)
    func declaredFields(catalog: Catalog) async throws {
        for (field, type) in catalog.filters {
            let operators =
                switch type {
                case "text": ["=", "!=", "LIKE", "<>", "ILIKE"]
                case "number": ["=", "!=", ">", "<", ">=", "<="]
                default: ["=", "!="]
                }
            for symbol in operators {
                let value = type == "number" ? "3" : "'a'"
                let response = try await list(catalog, "\(field) \(symbol) \(value)")
                #expect(response.status == 200, "\(field) \(symbol): \(response.text)")
            }
        }
    }

    @Test("every filterable key of the contract is accepted", arguments: Catalog.all)
    func keys(catalog: Catalog) async throws {
        let literals = [
            "documentCount": "5", "vectorDimensions": "5", "toolCount": "5", "verified": "true",
            "certified": "false",
        ]
        for key in catalog.keys {
            let response = try await list(catalog, "\(key) = \(literals[key] ?? "'x'")")
            #expect(response.status == 200, "\(key): \(response.text)")
        }
    }

    @Test("a value of an entity finds that entity and its peers only", arguments: Catalog.all)
    func equality(catalog: Catalog) async throws {
        let items = try await SharedServer.get().client.get("\(catalog.list)?pageSize=1000").items()
        for (field, type) in catalog.filters where type != "number" && field != "taskTags" {
            let key = field
            let path = field == "riskLevel" ? "safety.riskLevel" : field
            guard let value = items.lazy.compactMap({ $0.value(at: path)?.stringValue }).first
            else { continue }
            let quoted = value.replacing("'", with: "\\'")
            let expected = items.filter { $0.value(at: path)?.stringValue == value }
            let found = try await names(catalog, "\(key) = '\(quoted)'")
            if field == "license" && catalog.convention == .model { continue }
            #expect(found == Set(expected.compactMap { $0["name"]?.stringValue }), "\(field)")
            let others = items.filter {
                guard let other = $0.value(at: path)?.stringValue else { return false }
                return other != value
            }
            let rest = try await names(catalog, "\(key) != '\(quoted)'")
            #expect(rest == Set(others.compactMap { $0["name"]?.stringValue }), "\(field)")
        }
    }

    @Test("conditions are joined by AND, OR and parentheses in any case", arguments: Catalog.all)
    func grammar(catalog: Catalog) async throws {
        let all = try await names(catalog, "")
        let sorted = all.sorted()
        let (first, second) = (sorted[0], sorted[1])
        let one = "name = '\(first)'"
        let two = "name = \"\(second)\""
        #expect(try await names(catalog, "\(one) OR \(two)") == [first, second])
        #expect(try await names(catalog, "(\(one)) or ((\(two)))") == [first, second])
        #expect(try await names(catalog, "\(one) AND \(two)").isEmpty)
        #expect(try await names(catalog, "\(one) and (\(one) oR \(two))") == [first])
        #expect(try await names(catalog, "name IN ('\(first)', '\(second)')") == [first, second])
        #expect(try await names(catalog, "name in ('\(first)')") == [first])
        #expect(try await names(catalog, "name <> '\(first)'") == all.subtracting([first]))
        #expect(try await names(catalog, "name LIKE '%'") == all)
        #expect(try await names(catalog, "`name` = '\(first)'") == [first])
        #expect(try await names(catalog, "   ") == all)
        #expect(
            try await names(catalog, "\(one) AND \(two) OR \(two)") == [second],
            "AND binds closer than OR")
    }

    @Test("a missing property matches nothing, not even a difference", arguments: Catalog.all)
    func missingProperty(catalog: Catalog) async throws {
        for filter in ["noSuchThing = 'x'", "noSuchThing != 'x'", "customProperties.none = 1"] {
            #expect(try await names(catalog, filter).isEmpty)
        }
    }

    @Test("malformed filters are refused", arguments: Catalog.all)
    func malformed(catalog: Catalog) async throws {
        let filters = [
            "=", "name", "name =", "= 'x'", "name = 'x", "name = 'x' AND", "AND", "(", "()",
            "(name = 'x'", "name = 'x')", "name == 'x'", "NOT name = 'x'", "name IS NULL",
            "name BETWEEN 1 AND 2", "name IN ()", "name IN 'x'", "name = x y", "name ~ 'x'",
            "name = 'x' OR OR name = 'y'", "'x' = name", "name = 'x' name = 'y'", "\u{1F600}",
            "name..x = 1", ".name = 'x'", "name = --", "`name = 'x'",
            String(repeating: "(", count: 200) + "name = 'x'" + String(repeating: ")", count: 200),
        ]
        for filter in filters {
            let response = try await list(catalog, filter)
            #expect(response.status == 400, "\(filter): \(response.status)")
            let message = try response.body(catalog.convention == .model ? "message" : "error")
            #expect(message?.stringValue?.isEmpty == false)
        }
    }

    @Test(
        "filters of the catalogs are bounded by 1024 characters", arguments: Catalog.memoryPlugins)
    func length(catalog: Catalog) async throws {
        let value = String(repeating: "a", count: 1024 - "name = ''".count)
        #expect(try await list(catalog, "name = '\(value)'").status == 200)
        let longer = try await list(catalog, "name = '\(value)a'")
        #expect(longer.status == 400)
        let text = "filterQuery exceeds maximum length of 1024 characters"
        #expect(try longer.json() == ["error": .string(text)])
    }

    @Test("words of SQL are ordinary text")
    func harmlessWords() async throws {
        for text in ["DROP TABLE x; --", "/* */", "UNION SELECT", "0x41", "a\\'b"] {
            let response = try await list(.agents, "name = '\(text)'")
            #expect(response.status == 200, "\(text): \(response.text)")
            #expect(try response.items().isEmpty)
        }
    }

    @Test("strings of the catalogs are equal in any case, those of models in their own")
    func caseOfStrings() async throws {
        let agent = try #require(try await names(.agents, "").first)
        #expect(try await names(.agents, "name = '\(agent.uppercased())'") == [agent])
        #expect(
            try await names(.agents, "name LIKE '%\(agent.uppercased().dropFirst(2))%'") == [agent])
        let model = try #require(try await names(.model, "").first { $0 != $0.uppercased() })
        #expect(try await names(.model, "name = '\(model.uppercased())'").isEmpty)
        #expect(try await names(.model, "name LIKE '\(model.uppercased())'").isEmpty)
        #expect(try await names(.model, "name ILIKE '\(model.uppercased())'") == [model])
    }

    @Test("numbers are compared as numbers")
    func numbers() async throws {
        let items = try await SharedServer.get().client.get("\(Catalog.mcp.list)?pageSize=0")
            .items()
        for (symbol, holds) in [
            (">", { $0 > 9 }), (">=", { $0 >= 9 }), ("<", { $0 < 9 }), ("<=", { $0 <= 9 }),
            ("=", { $0 == 9 }), ("!=", { $0 != 9 }),
        ] as [(String, (Int64) -> Bool)] {
            let expected = items.filter { $0["toolCount"]?.intValue.map(holds) ?? false }
            let found = try await names(.mcp, "toolCount \(symbol) 9")
            #expect(found == Set(expected.compactMap { $0["name"]?.stringValue }), "\(symbol)")
        }
        #expect(try await names(.mcp, "toolCount.int_value > 1e0").count > 1)
        #expect(try await names(.knowledge, "documentCount > -1.5e1").isEmpty == false)
        #expect(try await list(.mcp, "toolCount = 'x'").status == 400)
    }

    @Test("truth values are compared as such")
    func booleans() async throws {
        let items = try await SharedServer.get().client.get("\(Catalog.mcp.list)?pageSize=0")
            .items()
        let verified = items.filter { $0["verified"] == true }
        let found = try await names(.mcp, "verified = true")
        #expect(found == Set(verified.compactMap { $0["name"]?.stringValue }))
        #expect(try await names(.mcp, "verified = TRUE") == found)
        #expect(try await list(.mcp, "verified = 'yes'").status == 400)
    }

    @Test("lists of a model are searched for an element")
    func arrays() async throws {
        let items = try await SharedServer.get().client.get(
            "\(Catalog.model.list)?pageSize=1000"
        ).items()
        func having(_ task: String) -> Set<String> {
            Set(
                items.filter { $0["tasks"]?.arrayValue?.contains(.string(task)) ?? false }
                    .compactMap { $0["name"]?.stringValue })
        }
        let all = Set(items.compactMap { $0["name"]?.stringValue })
        for field in ["task", "tasks"] {
            let text = having("text-generation")
            #expect(!text.isEmpty)
            #expect(try await names(.model, "\(field) = 'text-generation'") == text)
            #expect(
                try await names(.model, "\(field) != 'text-generation'") == all.subtracting(text))
            #expect(try await names(.model, "\(field) IN ('text-generation','x')") == text)
            #expect(try await names(.model, "\(field) LIKE '%text-gen%'").isSuperset(of: text))
        }
    }

    @Test("custom properties are found by name, prefix and suffix")
    func customProperties() async throws {
        let items = try await SharedServer.get().client.get(
            "\(Catalog.model.list)?pageSize=1000"
        ).items()
        let expected = Set(
            items.filter {
                $0.value(at: "customProperties.parameters_millions.int_value")?.stringValue
                    .flatMap { Int($0) }.map { $0 < 1000 } ?? false
            }.compactMap { $0["name"]?.stringValue })
        #expect(!expected.isEmpty)
        for property in [
            "parameters_millions", "customProperties.parameters_millions",
            "parameters_millions.int_value",
        ] {
            #expect(try await names(.model, "\(property) < 1000") == expected, "\(property)")
        }
    }

    @Test("artifacts of a model can be asked for together")
    func artifacts() async throws {
        let fast = try await names(.model, "artifacts.ttft_p90 < 100000")
        #expect(!fast.isEmpty)
        #expect(try await names(.model, "artifacts.ttft_p90.double_value < 100000") == fast)
        #expect(try await names(.model, "artifacts.ttft_p90 < 0").isEmpty)
        let same = try await names(
            .model, "artifacts.ttft_p90 < 100000 AND artifacts.benchmark.string_value != ''")
        #expect(same.isEmpty, "no artifact has both")
    }

    @Test("too many conditions and values are refused")
    func bounds() async throws {
        let conditions = Array(repeating: "id = '1'", count: 500).joined(separator: " OR ")
        #expect(try await list(.mcp, conditions).status == 400)
        let values = Array(repeating: "'a'", count: 500).joined(separator: ",")
        #expect(try await list(.model, "name IN (\(values))").status == 400)
    }
}
