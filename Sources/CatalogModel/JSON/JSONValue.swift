/// A JSON document or a part of one.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// The text of a string, else nil.
    package var stringValue: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value of a boolean, else nil.
    package var boolValue: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    /// The value of an integral number that fits, else nil.
    package var intValue: Int64? {
        if case .number(let number) = self { number.int } else { nil }
    }

    /// The value of a number, else nil.
    package var doubleValue: Double? {
        if case .number(let number) = self { number.double } else { nil }
    }

    /// The elements of an array, else nil.
    package var arrayValue: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members of an object, else nil.
    package var objectValue: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// Whether this is the JSON null.
    package var isNull: Bool { self == .null }

    /// The member of an object, or nil if this is no object or has no such member.
    package subscript(key: String) -> JSONValue? { objectValue?[key] }

    /// The value that a dotted path leads to, or nil.
    package func value(at path: String) -> JSONValue? {
        var current = self
        for part in path.split(separator: ".", omittingEmptySubsequences: false) {
            guard let next = current[String(part)] else { return nil }
            current = next
        }
        return current
    }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(nilLiteral: ()) { self = .null }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .number(JSONNumber(value)) }
    package init(floatLiteral value: Double) { self = .number(JSONNumber(value)) }
    package init(stringLiteral value: String) { self = .string(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}

extension JSONValue {
    /// A number.
    package static func int(_ value: some BinaryInteger & Sendable) -> JSONValue {
        .number(JSONNumber(Int64(clamping: value)))
    }

    /// A number.
    package static func double(_ value: Double) -> JSONValue { .number(JSONNumber(value)) }

    /// An array of strings.
    package static func strings(_ values: some Sequence<String>) -> JSONValue {
        .array(values.map { .string($0) })
    }
}
