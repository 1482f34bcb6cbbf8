/// A value of one field of one entity, as filters and sort keys see it.
package enum FieldValue: Hashable, Sendable {
    case missing
    case string(String)
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
    case strings([String])

    /// Takes a custom property: a typed metadata value or a plain JSON value.
    ///
    /// Objects without a known value key and arrays that hold more than strings count as missing.
    package init(property: JSONValue) {
        guard case .object(let object) = property else {
            self.init(plain: property)
            return
        }
        if let text = object["string_value"]?.stringValue {
            self = .string(text)
        } else if let value = object["int_value"] {
            self =
                (value.stringValue.flatMap { Int64($0) } ?? value.intValue)
                .map { .integer($0) } ?? .missing
        } else if let value = object["double_value"] {
            self =
                (value.stringValue.flatMap { Double($0) } ?? value.doubleValue)
                .map { .double($0) } ?? .missing
        } else if let flag = object["bool_value"]?.boolValue {
            self = .boolean(flag)
        } else if let elements = object["array_value"] {
            self.init(plain: elements)
        } else {
            self = .missing
        }
    }

    /// Takes a plain JSON value; null and objects count as missing.
    package init(plain value: JSONValue) {
        switch value {
        case .string(let text): self = .string(text)
        case .bool(let flag): self = .boolean(flag)
        case .number(let number):
            if let integer = Int64(number.text) {
                self = .integer(integer)
            } else {
                self = .double(number.double)
            }
        case .array(let elements):
            let texts = elements.compactMap(\.stringValue)
            self = texts.count == elements.count ? .strings(texts) : .missing
        case .null, .object: self = .missing
        }
    }

    /// The text by which a list without types would compare the value; nil if it is missing.
    package var text: String? {
        switch self {
        case .missing: nil
        case .string(let text): text
        case .integer(let number): String(number)
        case .double(let number): JSONNumber(number).text
        case .boolean(let flag): flag ? "true" : "false"
        case .strings(let texts): texts.joined(separator: ",")
        }
    }
}
