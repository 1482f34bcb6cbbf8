import CatalogModel
import Testing

@Suite("Times, durations and request targets")
struct ValueTests {
    @Test(
        "Timestamps are written and read",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1_736_899_200_000, "2025-01-15T00:00:00Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (-2_203_891_200_000, "1900-03-01T00:00:00Z"),
            (253_402_300_799_000, "9999-12-31T23:59:59Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00Z"),
            (1_700_000_000_050, "2023-11-14T22:13:20.050Z"),
        ] as [(Int64, String)])
    func timestamps(ms: Int64, text: String) {
        #expect(Timestamp(ms: ms).description == text)
        #expect(Timestamp(text)?.ms == ms)
    }

    @Test(
        "Offsets and fractions are read",
        arguments: [
            ("2025-01-15T01:00:00+01:00", 1_736_899_200_000),
            ("2025-01-14T18:30:00-05:30", 1_736_899_200_000),
            ("2025-01-15t00:00:00.123456789z", 1_736_899_200_123),
            ("2025-01-15 00:00:00.1Z", 1_736_899_200_100),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ] as [(String, Int64)])
    func offsets(text: String, ms: Int64) {
        #expect(Timestamp(text)?.ms == ms)
    }

    @Test(
        "Malformed timestamps are refused",
        arguments: [
            "", "2025-01-15", "2025-1-15T00:00:00Z", "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z",
            "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2025-04-31T00:00:00Z",
            "2025-01-15T24:00:00Z", "2025-01-15T00:60:00Z", "2025-01-15T00:00:61Z",
            "2025-01-15T00:00:00", "2025-01-15T00:00:00.Z", "2025-01-15T00:00:00+24:00",
            "2025-01-15T00:00:00+0100", "2025-01-15T00:00:00ZZ", "2025-01-15T00:00:00ü",
        ])
    func malformed(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("Every day comes back", arguments: [41] as [UInt64])
    func randomTimes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<3000 {
            let ms = Int64.random(in: -62_167_219_200_000..<253_402_300_800_000, using: &generator)
            #expect(Timestamp(Timestamp(ms: ms).description)?.ms == ms)
        }
        #expect(Timestamp(ms: .max).description == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp(ms: .min).description == "0000-01-01T00:00:00Z")
    }

    @Test(
        "Uptimes are rounded to seconds",
        arguments: [
            (0, "0s"), (499, "0s"), (500, "1s"), (59_499, "59s"), (59_500, "1m0s"),
            (155_000, "2m35s"), (3_600_000, "1h0m0s"), (93_601_000, "26h0m1s"), (-5, "0s"),
        ] as [(Int64, String)])
    func uptimes(ms: Int64, text: String) {
        #expect(Uptime(ms: ms).description == text)
    }

    @Test("Percent-encoding is undone")
    func decoding() throws {
        #expect(try PercentDecoding.path("acme%2Fx+y%20z") == "acme/x+y z")
        #expect(try PercentDecoding.query("a+b%2Bc%C3%A9") == "a b+cé")
        #expect(try PercentDecoding.path("plain/é") == "plain/é")
        for text in ["%", "%4", "%zz", "a%2", "%FF", "%C3", "%00", "a\u{0}"] {
            #expect(throws: RequestError.badRequest("")) { try PercentDecoding.path(text) }
            #expect(throws: RequestError.badRequest("")) { try PercentDecoding.query(text) }
        }
    }

    @Test("Query strings keep order and repetitions")
    func query() throws {
        let query = try QueryParameters("a=1&&b=x%3Dy=z&a=2&c&=e&d=&csv=p,%20q,,r&csv=s+")
        #expect(query.parameters.map(\.name) == ["a", "b", "a", "c", "", "d", "csv", "csv"])
        #expect(query["a"] == "1")
        #expect(query.all("a") == ["1", "2"])
        #expect(query["b"] == "x=y=z")
        #expect(query["c"] == "")
        #expect(query.nonEmpty("c") == nil)
        #expect(query["none"] == nil)
        #expect(query.list("csv") == ["p", "q", "r", "s"])
        #expect(try QueryParameters("").parameters.isEmpty)
        let marks = try QueryParameters("a=\u{301}1&\u{301}b=2")
        #expect(marks.parameters.map(\.name) == ["a", "\u{301}b"])
        #expect(QueryParameters().parameters.isEmpty)
        #expect(throws: RequestError.badRequest("")) { try QueryParameters("a=%") }
        let many = Array(repeating: "a=1", count: 257).joined(separator: "&")
        #expect(throws: RequestError.badRequest("")) { try QueryParameters(many) }
    }
}
