import Postgres
import TestSupport
import Testing

@Suite struct `Values travel unchanged` {
    @Test func `scalars come back as they went`() async throws {
        let connection = try await Database.connect()
        let rows = try await connection.query(
            """
            SELECT $1::bigint, $2::text, $3::bool, $4::uuid, $5::jsonb,
                   extract(epoch FROM $6::timestamptz) * 1000, $7::bytea, $8::text
            """,
            [
                .int8(.min), "süß \"quoted\" \\ '", true,
                .uuid("6f1c1f0e-9d4f-4f0e-8a39-6c1c2a3c4d5e"), .json("{\"a\": [1, null]}"),
                .timestamptz(ms: 1_700_000_000_123), .bytes([0, 255, 7]), nil,
            ])
        #expect(try rows.int64(0, 0) == .min)
        #expect(try rows.string(0, 1) == "süß \"quoted\" \\ '")
        #expect(try rows.bool(0, 2))
        #expect(try rows.string(0, 3) == "6f1c1f0e-9d4f-4f0e-8a39-6c1c2a3c4d5e")
        #expect(try rows.string(0, 4) == "{\"a\": [1, null]}")
        #expect(try rows.double(0, 5) == 1_700_000_000_123)
        #expect(try rows.bytes(0, 6) == [0, 255, 7])
        #expect(rows.isNull(0, 7))
        #expect(rows.optionalString(0, 7) == nil)
    }

    @Test(
        arguments: [
            0, -1, 951_782_400_000, 4_102_444_799_999, -62_135_596_800_001, 253_402_300_800_000,
            -210_000_000_000_000,
        ] as [Int64])
    func `points in time keep their milliseconds`(ms: Int64) async throws {
        let connection = try await Database.connect()
        let rows = try await connection.query(
            "SELECT (extract(epoch FROM $1::timestamptz) * 1000)::bigint", [.timestamptz(ms: ms)])
        #expect(try rows.int64(0, 0) == ms)
    }

    @Test func `arrays keep quotes, braces, commas and NULL`() async throws {
        let connection = try await Database.connect()
        let texts = ["a,b", "{c}", "\"d\"", "\\", "NULL", "", " "]
        let rows = try await connection.query(
            """
            SELECT u, n FROM unnest($1::text[], $2::bigint[], $3::text[])
            WITH ORDINALITY AS t(u, n, o, i) ORDER BY i
            """,
            [
                .textArray(texts), .int8Array([1, -2, .max]), .optionalTextArray([nil, "x"]),
            ])
        #expect(try (0..<texts.count).map { try rows.string($0, 0) } == texts)
        #expect(try rows.int64(2, 1) == .max)
    }

    @Test func `ten thousand texts of a kilobyte fit one array`() async throws {
        let connection = try await Database.connect()
        let text = String(repeating: "x\"", count: 512)
        let rows = try await connection.query(
            "SELECT count(*), sum(length(t)) FROM unnest($1::text[]) AS t",
            [.textArray(Array(repeating: text, count: 10_000))])
        #expect(try rows.int64(0, 0) == 10_000)
        #expect(try rows.int64(0, 1) == 10_240_000)
    }

    @Test func `a megabyte comes back whole, as text and as bytes`() async throws {
        let connection = try await Database.connect()
        let bytes = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let text = String(repeating: "é", count: 524_288)
        let rows = try await connection.query(
            "SELECT $1::bytea, $2::text", [.bytes(bytes), .text(text)])
        #expect(try rows.bytes(0, 0) == bytes)
        #expect(try rows.string(0, 1) == text)
        #expect(rows.withBytes(0, 1) { $0.byteCount } == 1_048_576)
    }

    @Test func `wrong types and NULL are decoding errors`() async throws {
        let connection = try await Database.connect()
        let rows = try await connection.query("SELECT 'x'::text AS a, NULL::bigint AS b")
        #expect(throws: PostgresError(.decoding, "")) { try rows.int64(0, 0) }
        #expect(throws: PostgresError(.decoding, "")) { try rows.bool(0, 0) }
        #expect(throws: PostgresError(.decoding, "")) { try rows.int64(0, 1) }
        #expect(throws: PostgresError(.decoding, "")) { try rows.column("c") }
        #expect(try rows.column("b") == 1)
        #expect(try rows.optionalInt64(0, 1) == nil)
    }

    @Test func `a NUL character in a text is refused before sending`() async throws {
        let connection = try await Database.connect()
        await #expect(throws: PostgresError(.misuse, "")) {
            try await connection.query("SELECT $1::text", ["a\0b"])
        }
        #expect(try await connection.query("SELECT 1").int64(0, 0) == 1)
    }

    @Test func `affected rows are counted`() async throws {
        let connection = try await Database.connect()
        try await connection.execute(script: "CREATE TEMP TABLE t (a int); SELECT 1")
        let rows = try await connection.query("INSERT INTO t SELECT generate_series(1, 7)")
        #expect(rows.affectedRows == 7)
        #expect(rows.commandTag == "INSERT")
    }
}
