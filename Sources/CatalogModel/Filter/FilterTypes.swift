/// The meaning of a filter query where the two families of plugins differ.
package enum FilterDialect: Hashable, Sendable {
    /// The plain catalog plugins: text without regard to case, lenient types, bare words.
    case catalog
    /// The model and mcp catalogs: typed and case-sensitive.
    case full
}

/// The type that a filterable field declares.
package enum FilterType: Hashable, Sendable {
    case string, integer, double, boolean, stringArray
}

/// The type that the last part of a property's name asks for.
package enum ValueType: String, Hashable, Sendable, CaseIterable {
    case string = "string_value"
    case integer = "int_value"
    case double = "double_value"
    case boolean = "bool_value"
    case array = "array_value"

    /// The declared type that corresponds.
    package var filterType: FilterType {
        switch self {
        case .string: .string
        case .integer: .integer
        case .double: .double
        case .boolean: .boolean
        case .array: .stringArray
        }
    }

    /// Splits a path into the name before its type suffix and the suffix, if it has one.
    package static func split(_ path: String) -> (name: String, suffix: ValueType?) {
        guard let dot = path.lastIndex(of: "."), dot != path.startIndex,
            let suffix = ValueType(rawValue: String(path[path.index(after: dot)...]))
        else { return (path, nil) }
        return (String(path[..<dot]), suffix)
    }
}

/// What a property's name in a filter query stands for.
package enum FilterField: Hashable, Sendable {
    /// A declared field, by its number in the kind's definition.
    case field(Int, FilterType, caseInsensitive: Bool)
    /// A custom property of the entity.
    case custom(name: String, suffix: ValueType?)
    /// A property of the entity's artifacts, known or custom.
    case artifact(name: String, suffix: ValueType?)
}

/// The names that a filter query may use.
package protocol FilterFields {
    /// Finds the meaning of a property's full name, suffix included.
    func resolve(_ path: String) -> FilterField
}

/// One entity, as far as a filter query can see it; kinds without artifacts have a count of zero.
package protocol FilterRecord {
    /// The value of a declared field.
    func value(ofField number: Int) -> FieldValue
    /// The value of a custom property.
    func customValue(_ name: String) -> FieldValue
    /// The number of artifacts.
    var artifactCount: Int { get }
    /// The value of a known or custom property of one artifact.
    func artifactValue(_ index: Int, _ name: String) -> FieldValue
}
