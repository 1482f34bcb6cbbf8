import CatalogModel
import Crypto
import Foundation
import GRDB
import Postgres

/// The functions that statements and triggers call and SQLite does not have.
///
/// Those of Postgres keep their names, so that one text serves both stores.
struct SQLiteFunctions {
    let values: SessionValues
    let store: EmbeddedStore

    /// Makes the functions known to a connection.
    func add(to db: Database) {
        for function in clock + texts + numbers + documents + session + notifying + history {
            db.add(function: function)
        }
        db.add(function: DatabaseFunction("bit_xor", argumentCount: 1, aggregate: BitXor.self))
    }

    private func function(
        _ name: String, _ count: Int?, pure: Bool = false,
        _ body: @escaping @Sendable ([DatabaseValue]) throws -> (any DatabaseValueConvertible)?
    ) -> DatabaseFunction {
        DatabaseFunction(name, argumentCount: count, pure: pure, function: body)
    }

    private var clock: [DatabaseFunction] {
        [
            function("clock_timestamp", 0) { _ in EmbeddedStore.nowMicroseconds },
            function("now", 0) { _ in EmbeddedStore.nowMicroseconds },
            function("gen_random_uuid", 0) { _ in UUID().uuidString.lowercased() },
            function("pg_is_in_recovery", 0) { _ in false },
            function("pg_notification_queue_usage", 0) { _ in 0 },
            function("pg_advisory_xact_lock", 1) { _ in nil },
            function("hashtextextended", 2) { _ in 0 },
        ]
    }

    private var texts: [DatabaseFunction] {
        [
            function("convert_to", 2, pure: true) { $0[0] },
            function("to_jsonb", 1, pure: true) { $0[0] },
            function("array_to_json", 1, pure: true) { $0[0] },
            function("octet_length", 1, pure: true) { Self.text($0[0])?.utf8.count },
            function("pg_column_size", 1, pure: true) { Self.text($0[0])?.utf8.count },
            function("sha256", 1, pure: true) { arguments in
                Self.bytes(arguments[0]).map { Data(SHA256.hash(data: $0)) }
            },
            function("encode", 2, pure: true) { arguments in
                Self.bytes(arguments[0]).map(Self.hexadecimal)
            },
            function("to_hex", 1, pure: true) { arguments in
                Int64.fromDatabaseValue(arguments[0]).map {
                    String(UInt64(bitPattern: $0), radix: 16)
                }
            },
            function("lpad", 3, pure: true) { arguments in
                guard let text = Self.text(arguments[0]),
                    let width = Int.fromDatabaseValue(arguments[1]),
                    let filling = Self.text(arguments[2])?.first
                else { return nil }
                return String(repeating: filling, count: max(0, width - text.count)) + text
            },
        ]
    }

    private var numbers: [DatabaseFunction] {
        [
            function("catalog_xor", 2, pure: true) { arguments in
                guard let left = Int64.fromDatabaseValue(arguments[0]),
                    let right = Int64.fromDatabaseValue(arguments[1])
                else { return nil }
                return left ^ right
            },
            function("ceil", 1, pure: true) { arguments in
                Double.fromDatabaseValue(arguments[0]).map { Int64($0.rounded(.up)) }
            },
            function("least", nil, pure: true) { arguments in
                arguments.compactMap(Int64.fromDatabaseValue).min()
            },
            function("greatest", nil, pure: true) { arguments in
                arguments.compactMap(Int64.fromDatabaseValue).max()
            },
        ]
    }

    private var documents: [DatabaseFunction] {
        [
            function("catalog_jsonb", 1, pure: true) { arguments in
                try Self.json(arguments[0], StoredJSON.canonical)
            },
            // Keys and values in turn; what is no number is a text.
            function("jsonb_build_object", nil, pure: true) { arguments in
                var object = JSONObject()
                for index in stride(from: 0, to: arguments.count - 1, by: 2) {
                    let key = Self.text(arguments[index]) ?? ""
                    object[key] =
                        switch arguments[index + 1].storage {
                        case .null: .null
                        case .int64(let number): .int(number)
                        default: .string(Self.text(arguments[index + 1]) ?? "")
                        }
                }
                return StoredJSON.canonical(.object(object))
            },
            function("catalog_without_overlay", 1, pure: true) { arguments in
                try Self.json(arguments[0], StoredJSON.withoutOverlay)
            },
            function("catalog_overlaid", 2, pure: true) { arguments in
                let overlay = Self.text(arguments[1])
                return try Self.json(arguments[0]) { text throws(JSONError) in
                    try StoredJSON.overlaid(text, overlay)
                }
            },
            function("catalog_entity_digest", 6, pure: true) { arguments in
                var hash = SHA256()
                for (index, argument) in arguments.enumerated() {
                    guard let bytes = Self.bytes(argument) else { return nil }
                    if index > 0 { hash.update(data: [0]) }
                    hash.update(data: bytes)
                }
                return hash.finalize().prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
            },
        ]
    }

    private var session: [DatabaseFunction] {
        let values = values
        return [
            function("catalog_transaction", 0) { _ in values.transaction },
            function("set_config", 3) { arguments in
                values.set(Self.text(arguments[0]) ?? "", Self.text(arguments[1]))
            },
            function("current_setting", 1) { values.setting(Self.text($0[0]) ?? "") },
            function("keep", 2) { arguments in
                values.keep(
                    Self.text(arguments[0]) ?? "", Int64.fromDatabaseValue(arguments[1]))
            },
            function("kept", 1) { values.kept(Self.text($0[0]) ?? "") },
            function("array_element", 2) { arguments in
                values.element(
                    Int.fromDatabaseValue(arguments[0]) ?? 0,
                    Int.fromDatabaseValue(arguments[1]) ?? -1)
            },
        ]
    }

    private var notifying: [DatabaseFunction] {
        let (values, store) = (values, store)
        return [
            function("pg_notify", 2) { arguments in
                values.notify(Self.text(arguments[0]) ?? "", Self.text(arguments[1]) ?? "")
                return nil
            },
            function("catalog_claim", 2) { arguments in
                store.upkeep.claim(
                    Self.text(arguments[0]) ?? "",
                    periodMs: Int64.fromDatabaseValue(arguments[1]) ?? 0, isForced: false
                ).isTaken
            },
            // The number of the beat, below zero where it was not time for one.
            function("catalog_beat", 2) { arguments in
                let beat = store.upkeep.claim(
                    "heartbeat", periodMs: Int64.fromDatabaseValue(arguments[0]) ?? 0,
                    isForced: Bool.fromDatabaseValue(arguments[1]) ?? false)
                guard beat.isTaken else { return -beat.number }
                values.notify("catalog_changes", "heartbeat:\(beat.number)")
                return beat.number
            },
        ]
    }

    private var history: [DatabaseFunction] {
        let store = store
        return [
            function("catalog_incarnation", 0) { _ in store.incarnation },
            function("catalog_epoch", 2) { arguments in
                store.epoch(
                    of: Self.text(arguments[0]) ?? "",
                    after: Int64.fromDatabaseValue(arguments[1]) ?? 0)
            },
            function("catalog_lineage", 4, pure: true) { arguments in
                EmbeddedStore.lineage(
                    fresh: Self.text(arguments[0]) ?? "", epoch: Self.text(arguments[1]) ?? "",
                    revision: Int64.fromDatabaseValue(arguments[2]) ?? 0,
                    lineage: Self.text(arguments[3]) ?? "")
            },
        ]
    }

    // MARK: Values

    private static func text(_ value: DatabaseValue) -> String? {
        switch value.storage {
        case .null: nil
        case .int64(let number): String(number)
        case .double(let number): String(number)
        case .string(let text): text
        case .blob(let data): String(decoding: data, as: UTF8.self)
        }
    }

    private static func bytes(_ value: DatabaseValue) -> [UInt8]? {
        if case .blob(let data) = value.storage { return Array(data) }
        return text(value).map { Array($0.utf8) }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func json(
        _ value: DatabaseValue, _ body: (String) throws(JSONError) -> String
    ) throws -> String? {
        guard let text = text(value) else { return nil }
        do throws(JSONError) {
            return try body(text)
        } catch {
            throw SQLiteFailure.refusal(sqlState: "22P02", "the document is not acceptable JSON")
        }
    }
}

/// The aggregate that Postgres calls bit_xor; null for no rows.
private final class BitXor: DatabaseAggregate {
    private var value: Int64?

    init() {}

    func step(_ values: [DatabaseValue]) {
        guard let next = Int64.fromDatabaseValue(values[0]) else { return }
        value = (value ?? 0) ^ next
    }

    func finalize() -> (any DatabaseValueConvertible)? { value }
}
