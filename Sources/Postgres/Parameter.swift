/// A value for one placeholder of a statement.
///
/// All but `bytes` travel as text and Postgres infers the type from the statement, so add a cast
/// (`$1::text[]`) where the statement leaves the type open.
package enum Parameter: Sendable, Hashable {
    case null
    case int8(Int64)
    case bool(Bool)
    case text(String)
    /// UTF-8 text that is already encoded.
    case utf8([UInt8])
    /// A bytea value, sent in binary.
    case bytes([UInt8])
    /// A UUID in its usual text form.
    case uuid(String)
    /// JSON text for json and jsonb.
    case json(String)
    /// Milliseconds since 1970 for timestamptz.
    case timestamptz(ms: Int64)
    case textArray([String])
    case int8Array([Int64])
    /// Texts of an array in which nil is NULL.
    case optionalTextArray([String?])

    /// Text, or NULL for nil.
    package static func optional(_ text: String?) -> Parameter { text.map { .text($0) } ?? .null }

    /// Integer, or NULL for nil.
    package static func optional(_ value: Int64?) -> Parameter { value.map { .int8($0) } ?? .null }
}

extension Parameter: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .int8(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
}
