/// One filter that a kind offers to clients in its capabilities.
package struct FilterFieldDefinition: Sendable, Hashable {
    /// How a client should let its user enter the filter's value.
    package enum Input: String, Sendable, Hashable {
        case text, select, number, multiselect, boolean
    }

    /// The name clients use in `filterQuery`; a field's name or one of its aliases.
    package let name: String
    package let input: Input
    /// Values to offer; informative, other values are legal.
    package let options: [String]
    package let operators: [String]

    static func text(
        _ name: String, operators: [String] = ["=", "!=", "LIKE"]
    ) -> FilterFieldDefinition {
        FilterFieldDefinition(name: name, input: .text, options: [], operators: operators)
    }

    static func select(_ name: String, _ options: String...) -> FilterFieldDefinition {
        FilterFieldDefinition(
            name: name, input: .select, options: options, operators: ["=", "!="])
    }

    static func number(_ name: String) -> FilterFieldDefinition {
        FilterFieldDefinition(
            name: name, input: .number, options: [], operators: ["=", ">", "<", ">=", "<="])
    }
}
