import CatalogModel
import Foundation
import GRDB
import Postgres

/// How values of the store go to SQLite and come back.
enum ParameterValues {
    /// The values to bind, and the arrays among them by their number from 1.
    static func bind(
        _ parameters: [Parameter]
    ) throws(PostgresError) -> ([DatabaseValue], [Int: [String?]]) {
        var bound: [DatabaseValue] = []
        bound.reserveCapacity(parameters.count)
        var arrays: [Int: [String?]] = [:]
        for (index, parameter) in parameters.enumerated() {
            switch parameter {
            case .textArray(let values): arrays[index + 1] = values
            case .optionalTextArray(let values): arrays[index + 1] = values
            case .int8Array(let values): arrays[index + 1] = values.map(String.init)
            default: break
            }
            bound.append(try value(of: parameter, index: index))
        }
        return (bound, arrays)
    }

    private static func value(
        of parameter: Parameter, index: Int
    ) throws(PostgresError) -> DatabaseValue {
        switch parameter {
        case .null: .null
        case .int8(let value): value.databaseValue
        case .bool(let value): (value ? 1 : 0).databaseValue
        case .text(let value), .json(let value): try text(value, index)
        case .uuid(let value): try text(value.lowercased(), index)
        case .utf8(let value): try text(String(decoding: value, as: UTF8.self), index)
        case .bytes(let value): Data(value).databaseValue
        case .timestamptz(let ms): (ms * 1_000).databaseValue
        case .textArray(let values): try text(JSONValue.strings(values).encodedText, index)
        case .int8Array(let values):
            JSONValue.array(values.map { .int($0) }).encodedText.databaseValue
        case .optionalTextArray(let values):
            try text(
                JSONValue.array(values.map { $0.map { .string($0) } ?? .null }).encodedText, index)
        }
    }

    private static func text(_ text: String, _ index: Int) throws(PostgresError) -> DatabaseValue {
        guard !text.utf8.contains(0) else {
            throw PostgresError(
                .misuse, "parameter \(index + 1) contains a NUL character", sqlState: "22021")
        }
        return text.databaseValue
    }

    /// A value of a row.
    static func cell(_ value: DatabaseValue) -> RowTable.Cell {
        switch value.storage {
        case .null: .null
        case .int64(let value): .int(value)
        case .double(let value): .double(value)
        case .string(let text): .text(Array(text.utf8))
        case .blob(let data): .blob(Array(data))
        }
    }
}
