/// The typed values of a model's custom properties.
package enum MetadataShape {
    /// The name of a value's type and the key that holds the value.
    private static let valueKeys = [
        "MetadataStringValue": "string_value", "MetadataIntValue": "int_value",
        "MetadataDoubleValue": "double_value", "MetadataBoolValue": "bool_value",
        "MetadataStructValue": "struct_value",
    ]

    /// Why a JSON value is no typed metadata value, or nil if it is one.
    package static func objection(to value: JSONValue) -> String? {
        guard case .object(let object) = value else {
            return "expected metadata value object, found \(ShapeChecker.word(for: value))"
        }
        guard let typeName = object["metadataType"]?.stringValue else {
            return "metadataType is missing"
        }
        guard let key = valueKeys[typeName] else { return "unknown metadataType \"\(typeName)\"" }
        for other in object.keys where other != "metadataType" && other != key {
            return "\(typeName) must hold \(key) alone, found \(other)"
        }
        guard let held = object[key] else { return "\(typeName) lacks \(key)" }
        return fits(held, key) ? nil : "\(key) has the wrong type"
    }

    private static func fits(_ value: JSONValue, _ key: String) -> Bool {
        switch (key, value) {
        case ("string_value", .string), ("double_value", .number), ("bool_value", .bool): true
        case ("int_value", .string(let text)): Int64(text) != nil
        case ("struct_value", .string), ("struct_value", .object): true
        default: false
        }
    }
}
