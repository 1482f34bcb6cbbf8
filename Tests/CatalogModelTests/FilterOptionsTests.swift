import CatalogModel
import Testing

@Suite("Filter options")
struct FilterOptionsTests {
    private static func options(
        _ documents: [String], queries: JSONObject = [:]
    ) throws -> JSONValue {
        let kind = try PluginFixture.kind("model")
        var options = FilterOptions(kind: kind)
        for text in documents {
            let document = try PluginFixture.object(text)
            let row = EntityRow(try PluginFixture.entity("model", document))
            let record = EntityRecord(
                values: FieldExtractor.values(of: document, row: row, kind: kind),
                document: document)
            options.add(
                record, customProperties: document["customProperties"]?.objectValue,
                artifacts: document["artifacts"]?.arrayValue ?? [])
        }
        return .object(options.json(namedQueries: queries))
    }

    private static func model(_ index: Int, _ members: String) -> String {
        #"{"name":"m\#(index)",\#(members)}"#
    }

    @Test("known properties have their names, arrays are exploded, licences are readable")
    func known() throws {
        let filters = try Self.options([
            Self.model(
                1, #""provider":"B","tasks":["t2","t1"],"license":"mit","libraryName":"vllm""#),
            Self.model(2, #""provider":"A","tasks":["t1"],"logo":"data:x","licenseLink":"l""#),
        ])["filters"]
        #expect(
            filters == [
                "provider": ["type": "string", "values": ["A", "B"]],
                "tasks": ["type": "string", "values": ["t1", "t2"]],
                "license": ["type": "string", "values": ["MIT"]],
                "library_name": ["type": "string", "values": ["vllm"]],
            ])
    }

    @Test("custom properties carry their type, those of artifacts the prefix")
    func custom() throws {
        let filters = try #require(
            try Self.options([
                Self.model(
                    1,
                    """
                    "customProperties":{"s":{"string_value":"x"},"i":{"int_value":"7"},
                    "b":{"bool_value":true},"o":{"struct_value":{}},"a":{"array_value":["p","q"]}},
                    "artifacts":[{"uri":"u","customProperties":{"ttft":{"double_value":9},
                    "metricsType":{"string_value":"m"},"model_id":{"string_value":"m"}}},
                    {"customProperties":{"ttft":{"double_value":1.5},"hw":{"string_value":"H"}}}]
                    """),
                Self.model(2, #""customProperties":{"i":{"int_value":"-2"}}"#),
            ])["filters"]?.objectValue)
        #expect(
            Set(filters.keys) == [
                "s.string_value", "i.int_value", "a.array_value", "artifacts.ttft.double_value",
                "artifacts.hw.string_value",
            ])
        #expect(filters.keys == filters.keys.sorted())
        #expect(filters["i.int_value"] == ["type": "number", "range": ["min": -2, "max": 7]])
        #expect(
            filters["artifacts.ttft.double_value"]
                == ["type": "number", "range": ["min": 1.5, "max": 9]])
        #expect(filters["a.array_value"]?["values"] == ["p", "q"])
    }

    @Test("fewer than fifty values, none longer than a hundred characters")
    func bounds() throws {
        func keys(_ documents: [String]) throws -> Bool {
            try Self.options(documents).value(at: "filters.provider") != nil
        }
        let many = (0..<60).map { Self.model($0, #""provider":"p\#($0)""#) }
        #expect(try keys(Array(many.prefix(49))))
        #expect(try !keys(Array(many.prefix(50))))
        #expect(try !keys(many))
        let fit = String(repeating: "ü", count: 100)
        #expect(try keys([Self.model(1, #""provider":"\#(fit)""#)]))
        #expect(try !keys([Self.model(1, #""provider":"\#(fit)x""#), many[0]]))
        #expect(try !keys([many[0], Self.model(1, #""provider":"\#(fit)x""#), many[1]]))
    }

    @Test("named queries are shown, min and max as the bounds of their property")
    func namedQueries() throws {
        let queries: JSONObject = [
            "q": [
                "artifacts.t.double_value": ["operator": "<=", "value": "min"],
                "t": ["operator": "<", "value": "max"], "n": ["operator": "=", "value": "min"],
                "s": ["operator": "IN", "value": ["max"]],
            ]
        ]
        let document = Self.model(
            1,
            """
            "artifacts":[{"customProperties":{"t":{"double_value":2.5}}},
            {"customProperties":{"t":{"double_value":4}}}]
            """)
        let shown = try #require(
            try Self.options([document], queries: queries)["namedQueries"]?["q"])
        #expect(shown["artifacts.t.double_value"]?["value"] == 2.5)
        #expect(shown["t"]?["value"] == 4)
        // Nothing has that property, so that there is no bound to put in.
        #expect(shown["n"]?["value"] == "min")
        #expect(shown["s"]?["value"] == ["max"])
        #expect(try Self.options([document])["namedQueries"] == nil)
    }
}
