/// The rows that an embedded database answers with, as values.
package struct RowTable: Sendable {
    /// One value; it prints as Postgres would print it.
    package enum Cell: Sendable {
        case null
        case int(Int64)
        case double(Double)
        case text([UInt8])
        case blob([UInt8])
    }

    package var columns: [String]
    /// Row after row.
    package var cells: [Cell] = []
    package var affectedRows = 0
    /// First word of the command, such as COMMIT.
    package var commandTag: String

    /// Starts with no rows.
    package init(columns: [String] = [], commandTag: String) {
        self.columns = columns
        self.commandTag = commandTag
    }

    var count: Int { columns.isEmpty ? 0 : cells.count / columns.count }

    subscript(row: Int, column: Int) -> Cell {
        precondition(row >= 0 && row < count, "row \(row) of \(count)")
        precondition(column >= 0 && column < columns.count, "column \(column) of \(columns.count)")
        return cells[row * columns.count + column]
    }

    /// The cell as bytes; nil for NULL.
    func bytes(_ row: Int, _ column: Int) -> [UInt8]? {
        switch self[row, column] {
        case .null: nil
        case .int(let value): Array(String(value).utf8)
        case .double(let value): Array(String(value).utf8)
        case .text(let bytes), .blob(let bytes): bytes
        }
    }

    func int64(_ row: Int, _ column: Int) -> Int64? {
        switch self[row, column] {
        case .int(let value): value
        case .double(let value): Int64(exactly: value)
        case .text(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
        case .null, .blob: nil
        }
    }

    func bool(_ row: Int, _ column: Int) -> Bool? {
        switch self[row, column] {
        case .int(0): false
        case .int(1): true
        default: nil
        }
    }
}
