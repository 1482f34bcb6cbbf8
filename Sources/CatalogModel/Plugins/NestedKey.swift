/// A key that an object inside an entity may hold.
package struct NestedKey: Sendable, Hashable {
    package let name: String
    package let type: FieldType
    /// The only values accepted; empty accepts all.
    package let allowedValues: [String]

    /// Creates a key of the given type.
    package init(_ name: String, _ type: FieldType, allowing allowedValues: [String] = []) {
        self.name = name
        self.type = type
        self.allowedValues = allowedValues
    }

    static func strings(_ names: String...) -> [NestedKey] {
        names.map { NestedKey($0, .string) }
    }
}
