/// One column of a kind's list view.
package struct ColumnDefinition: Sendable, Hashable {
    /// The width that a client should give the column.
    package enum Width: String, Sendable, Hashable {
        case small = "sm"
        case medium = "md"
        case large = "lg"
    }

    /// The name clients send as `orderBy`; a field's name or one of its aliases.
    package let name: String
    package let width: Width
    package let sortable: Bool

    static func column(
        _ name: String, _ width: Width = .medium, sortable: Bool = true
    ) -> ColumnDefinition {
        ColumnDefinition(name: name, width: width, sortable: sortable)
    }
}
