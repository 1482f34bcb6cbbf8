import CLibPQ

/// The answer to one statement; owns libpq's result and frees it at the end.
///
/// Cells are text as the server prints it. Rows and columns count from 0; an index out of range
/// is a programmer error and traps.
// SAFETY: a PGresult is immutable once libpq has handed it out and the functions used here only
// read it, so several threads may; the only change is PQclear in deinit.
@safe
package final class Rows: @unchecked Sendable {
    enum Status { case rows, failure, aborted, sync, unsupported }

    /// Nil where the rows are those of an embedded database.
    private let raw: OpaquePointer?
    private let table: RowTable?

    init(_ raw: OpaquePointer) {
        unsafe self.raw = unsafe raw
        table = nil
    }

    /// Takes the answer of an embedded database.
    package init(_ table: RowTable) {
        unsafe raw = nil
        self.table = table
    }

    // Without a result libpq does nothing.
    deinit { unsafe PQclear(raw) }

    /// Number of rows.
    package var count: Int { table?.count ?? Int(unsafe PQntuples(raw)) }
    package var isEmpty: Bool { count == 0 }
    package var columnCount: Int { table?.columns.count ?? Int(unsafe PQnfields(raw)) }

    /// Rows that an INSERT, UPDATE, DELETE or SELECT touched; 0 for other statements.
    package var affectedRows: Int {
        table?.affectedRows ?? Int(unsafe String(cString: PQcmdTuples(raw))) ?? 0
    }

    /// First word of the command as the server reports it, for example COMMIT.
    package var commandTag: String {
        if let table { return table.commandTag }
        let text = unsafe String(cString: PQcmdStatus(raw))
        return String(text.prefix { $0 != " " })
    }

    /// Column number by name; throws `.decoding` for an unknown one.
    package func column(_ name: String) throws(PostgresError) -> Int {
        if let table {
            guard let index = table.columns.firstIndex(of: name) else {
                throw PostgresError(.decoding, "no column named \(name)")
            }
            return index
        }
        let index = unsafe PQfnumber(raw, "\"" + name + "\"")
        guard index >= 0 else { throw PostgresError(.decoding, "no column named \(name)") }
        return Int(index)
    }

    package func isNull(_ row: Int, _ column: Int) -> Bool {
        if let table { return table.bytes(row, column) == nil }
        check(row, column)
        return unsafe PQgetisnull(raw, Int32(row), Int32(column)) == 1
    }

    /// Lends the cell's bytes without a copy; empty for NULL.
    package func withBytes<R, E: Error>(
        _ row: Int, _ column: Int, _ body: (RawSpan) throws(E) -> R
    ) throws(E) -> R {
        if let table {
            let bytes = table.bytes(row, column) ?? []
            return try unsafe body(bytes.span.bytes)
        }
        let cell = unsafe UnsafeRawBufferPointer(cell(row, column))
        // SAFETY: libpq keeps the cell until PQclear, and `self` is alive during the call.
        let span = unsafe RawSpan(_unsafeBytes: cell)
        return try withExtendedLifetime(self) { () throws(E) in try body(span) }
    }

    /// The cell's bytes; a bytea is decoded, anything else is as printed.
    ///
    /// Throws `.decoding` for NULL.
    package func bytes(_ row: Int, _ column: Int) throws(PostgresError) -> [UInt8] {
        try checkNotNull(row, column)
        if let table { return table.bytes(row, column) ?? [] }
        let cell = unsafe cell(row, column)
        if unsafe PQftype(raw, Int32(column)) == Rows.bytea { return unsafe try Hex.decode(cell) }
        return unsafe Array(cell)
    }

    package func optionalBytes(_ row: Int, _ column: Int) throws(PostgresError) -> [UInt8]? {
        isNull(row, column) ? nil : try bytes(row, column)
    }

    package func string(_ row: Int, _ column: Int) throws(PostgresError) -> String {
        try checkNotNull(row, column)
        if let table { return String(decoding: table.bytes(row, column) ?? [], as: UTF8.self) }
        return unsafe String(decoding: cell(row, column), as: UTF8.self)
    }

    package func optionalString(_ row: Int, _ column: Int) -> String? {
        if let table { return table.bytes(row, column).map { String(decoding: $0, as: UTF8.self) } }
        return isNull(row, column)
            ? nil : unsafe String(decoding: cell(row, column), as: UTF8.self)
    }

    /// Decodes any integer type that fits 64 bits.
    package func int64(_ row: Int, _ column: Int) throws(PostgresError) -> Int64 {
        try checkNotNull(row, column)
        if let table {
            guard let value = table.int64(row, column) else {
                throw PostgresError(.decoding, "column \(column) is not a 64-bit integer")
            }
            return value
        }
        let cell = unsafe cell(row, column)
        guard let value = unsafe Int64(String(decoding: cell, as: UTF8.self)) else {
            throw PostgresError(.decoding, "column \(column) is not a 64-bit integer")
        }
        return value
    }

    package func optionalInt64(_ row: Int, _ column: Int) throws(PostgresError) -> Int64? {
        isNull(row, column) ? nil : try int64(row, column)
    }

    package func double(_ row: Int, _ column: Int) throws(PostgresError) -> Double {
        guard let value = Double(try string(row, column)) else {
            throw PostgresError(.decoding, "column \(column) is not a number")
        }
        return value
    }

    package func bool(_ row: Int, _ column: Int) throws(PostgresError) -> Bool {
        try checkNotNull(row, column)
        if let table {
            guard let value = table.bool(row, column) else {
                throw PostgresError(.decoding, "column \(column) is not a boolean")
            }
            return value
        }
        let cell = unsafe cell(row, column)
        switch unsafe (cell.count, cell.first) {
        case (1, UInt8(ascii: "t")): return true
        case (1, UInt8(ascii: "f")): return false
        default: throw PostgresError(.decoding, "column \(column) is not a boolean")
        }
    }

    // MARK: Inside the target

    private static let bytea: Oid = 17

    var status: Status {
        let status = unsafe PQresultStatus(raw)
        return switch status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: .rows
        case PGRES_PIPELINE_SYNC: .sync
        case PGRES_PIPELINE_ABORTED: .aborted
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR: .failure
        default: .unsupported
        }
    }

    /// The error that this result reports.
    var error: PostgresError {
        let state = unsafe field("C")
        var message = unsafe field("M") ?? String(cString: PQresultErrorMessage(raw)).trimmedEnd()
        // Class 22 quotes the offending value, which may be a tenant's.
        if state?.hasPrefix("22") ?? false { message = message.withoutQuotedText() }
        return PostgresError(
            state == nil ? .connectionLost : .server, message, sqlState: state,
            constraint: unsafe field("n"), detail: unsafe field("D"))
    }

    @unsafe
    private func field(_ code: Unicode.Scalar) -> String? {
        guard let text = unsafe PQresultErrorField(raw, Int32(code.value)) else { return nil }
        return unsafe String(cString: text)
    }

    @unsafe
    private func cell(_ row: Int, _ column: Int) -> UnsafeBufferPointer<UInt8> {
        check(row, column)
        let length = Int(unsafe PQgetlength(raw, Int32(row), Int32(column)))
        guard length > 0, let start = unsafe PQgetvalue(raw, Int32(row), Int32(column)) else {
            return unsafe UnsafeBufferPointer(start: nil, count: 0)
        }
        return unsafe UnsafeBufferPointer(
            start: UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count: length)
    }

    private func check(_ row: Int, _ column: Int) {
        precondition(row >= 0 && row < count, "row \(row) of \(count)")
        precondition(column >= 0 && column < columnCount, "column \(column) of \(columnCount)")
    }

    private func checkNotNull(_ row: Int, _ column: Int) throws(PostgresError) {
        if isNull(row, column) { throw PostgresError(.decoding, "column \(column) is NULL") }
    }
}

/// Hexadecimal form of bytea.
enum Hex {
    /// Decodes `\x0123…`; throws `.decoding` for anything else.
    @unsafe
    static func decode(_ text: UnsafeBufferPointer<UInt8>) throws(PostgresError) -> [UInt8] {
        guard text.count >= 2, unsafe text[0] == UInt8(ascii: "\\"),
            unsafe text[1] == UInt8(ascii: "x"), text.count.isMultiple(of: 2)
        else { throw PostgresError(.decoding, "not a bytea in hexadecimal form") }
        var isValid = true
        let length = text.count / 2 - 1
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            for index in 0..<length {
                let high = unsafe digit(text[2 + index * 2])
                let low = unsafe digit(text[3 + index * 2])
                isValid = isValid && high < 16 && low < 16
                unsafe buffer[index] = high << 4 | (low & 15)
            }
            count = length
        }
        guard isValid else { throw PostgresError(.decoding, "not a bytea in hexadecimal form") }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: 255
        }
    }
}
