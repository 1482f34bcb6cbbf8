/// One declared field of an entity kind: where it lies, what it may hold, how clients see it.
///
/// A field's number is its index in its kind's `fields`; the number is stable while a process runs.
package struct FieldDefinition: Sendable, Hashable {
    /// Where the value of a field comes from.
    package enum Origin: Sendable, Hashable {
        case document, id, source, createTime, updateTime
    }

    package let name: String
    /// The keys that lead to the value inside the document.
    package let path: [String]
    package let type: FieldType
    package let label: String
    /// The heading under which clients group the field in a detail view.
    package let section: String
    package internal(set) var origin: Origin = .document
    package internal(set) var required = false
    package internal(set) var filterable: Bool
    package internal(set) var sortable: Bool
    /// Whether a secondary index is worth its space; false for long texts.
    package internal(set) var indexed: Bool
    /// Whether the field stays in the document and out of the entity's public body.
    package internal(set) var hidden = false
    /// The only values accepted; empty accepts all.
    package internal(set) var allowedValues: [String] = []
    /// The only values accepted from a loaded file; empty means `allowedValues`.
    package internal(set) var fileAllowedValues: [String] = []
    /// Further names under which filters and ordering know the field.
    package internal(set) var aliases: [String] = []
    /// The keys an object, or each element of an array of objects, may hold; nil leaves it free.
    package internal(set) var keys: [NestedKey]?

    /// Whether the field is a key at the top of the stored document.
    package var isDocumentKey: Bool { origin == .document && path.count == 1 }

    /// The type that clients see in bodies; ids are compared as integers and shown as strings.
    package var capabilityType: String { origin == .id ? "string" : type.capabilityName }

    init(_ name: String, _ type: FieldType, path: [String]? = nil, label: String?, section: String)
    {
        self.name = name
        self.path = path ?? [name]
        self.type = type
        self.label = label ?? FieldLabel.words(of: name)
        self.section = section
        self.filterable = type.filterType != nil
        self.sortable = type.filterType != nil
        self.indexed = type.filterType != nil
    }
}
