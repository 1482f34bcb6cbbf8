/// The JSON shape that a field's value must have.
package enum FieldType: String, Sendable, Hashable {
    case string, integer, double, boolean
    case stringArray
    /// One JSON object, free or with declared keys.
    case object
    /// An array of JSON objects, free or with declared keys.
    case objectArray
    case array
    /// An object of typed metadata values, the form that model catalog clients exchange.
    case metadata
    /// Milliseconds since the epoch, carried as a string of digits.
    case timestamp
    case any

    /// The word used for this type in a client's capability document.
    package var capabilityName: String {
        switch self {
        case .string, .timestamp, .any: "string"
        case .integer: "integer"
        case .double: "number"
        case .boolean: "boolean"
        case .stringArray, .objectArray, .array: "array"
        case .object, .metadata: "object"
        }
    }

    /// The word used for this type in a validation message.
    package var expectation: String {
        switch self {
        case .string: "string"
        case .integer: "integer"
        case .double: "number"
        case .boolean: "boolean"
        case .stringArray, .objectArray, .array: "array"
        case .object, .metadata: "object"
        case .timestamp: "string of milliseconds"
        case .any: "any value"
        }
    }

    /// The type that filters and ordering compare; nil if a value cannot be compared.
    package var filterType: FilterType? {
        switch self {
        case .string: .string
        case .integer, .timestamp: .integer
        case .double: .double
        case .boolean: .boolean
        case .stringArray: .stringArray
        case .object, .objectArray, .array, .metadata, .any: nil
        }
    }
}
