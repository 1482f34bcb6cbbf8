/// One kind of entity: its fields, its addresses and how clients present it.
package struct KindDefinition: Sendable, Hashable {
    package let kind: String
    package let plural: String
    package let displayName: String
    package let description: String
    /// How an error names an entity of this kind, such as "prompt template".
    package let notFoundNoun: String
    /// The top-level key of a YAML file that lists entities of this kind.
    package let yamlKey: String
    /// Top-level keys of such a file that are accepted beside `yamlKey`, each a string.
    package let yamlExtraKeys: [String]
    package let listPath: String
    package let getTemplate: String
    package let actionTemplate: String
    package let convention: ListConvention
    /// Position is the field's number.
    package let fields: [FieldDefinition]
    package let columns: [ColumnDefinition]
    package let filterFields: [FilterFieldDefinition]
    /// Numbers of the fields that the `q` parameter searches; empty where lists have no `q`.
    package let searchFields: [Int]
    /// Identifiers of the plugin's actions that apply to an entity.
    package let actions: [String]
    package let icon: String
    /// List, detail, search and action hints beyond the basic ones.
    package let richHints: JSONObject?
    /// Whether entities carry an id and times in their public body.
    package let showsRow: Bool
    /// Whether times given in a loaded document win over those of the row.
    package let keepsDocumentTimes: Bool
    /// Whether `license` is shown and compared by its readable name.
    package let readableLicense: Bool
    /// Whether undeclared filter properties are sought among typed metadata values.
    package let hasTypedProperties: Bool
    private let numbers: [String: Int]

    init(
        kind: String, plural: String, displayName: String, description: String,
        notFoundNoun: String, basePath: String, getTemplate: String? = nil,
        convention: ListConvention = .catalog, icon: String,
        actions: [String] = ["tag", "annotate", "deprecate"],
        fields: [FieldDefinition], columns: [ColumnDefinition],
        filterFields: [FilterFieldDefinition], searchFields: [String] = [],
        yamlExtraKeys: [String] = [],
        richHints: JSONObject? = nil, traits: KindTraits = []
    ) {
        self.kind = kind
        self.plural = plural
        self.displayName = displayName
        self.description = description
        self.notFoundNoun = notFoundNoun
        self.yamlKey = plural
        self.yamlExtraKeys = yamlExtraKeys
        self.listPath = "\(basePath)/\(plural)"
        self.getTemplate = getTemplate ?? "\(basePath)/\(plural)/{name}"
        self.actionTemplate = "\(basePath)/management/entities/{name}:action"
        self.convention = convention
        self.icon = icon
        self.actions = actions
        self.fields = fields
        self.columns = columns
        self.filterFields = filterFields
        self.richHints = richHints
        self.showsRow = traits.contains(.showsRow)
        self.keepsDocumentTimes = traits.contains(.keepsDocumentTimes)
        self.readableLicense = traits.contains(.readableLicense)
        self.hasTypedProperties = traits.contains(.typedProperties)
        let numbers = Self.numbered(fields)
        self.numbers = numbers
        self.searchFields = searchFields.compactMap { numbers[$0] }
        precondition(self.searchFields.count == searchFields.count, "searched fields exist")
    }

    /// Finds a field's number by its name or an alias; one dictionary lookup.
    package func fieldNumber(named name: String) -> Int? { numbers[name] }

    /// Finds a field by its name or an alias; one dictionary lookup.
    package func field(named name: String) -> FieldDefinition? { numbers[name].map { fields[$0] } }

    /// The headings of the detail view in the order in which fields first use them.
    package var detailSections: [String] {
        fields.reduce(into: [FieldDefinition.overview]) { sections, field in
            if !field.hidden, !sections.contains(field.section) { sections.append(field.section) }
        }
    }

    /// The fields of the detail view, grouped by section.
    package var detailFields: [FieldDefinition] {
        detailSections.flatMap { section in
            fields.filter { !$0.hidden && $0.section == section }
        }
    }

    private static func numbered(_ fields: [FieldDefinition]) -> [String: Int] {
        var numbers: [String: Int] = [:]
        for (number, field) in fields.enumerated() {
            for name in [field.name] + field.aliases {
                precondition(numbers[name] == nil, "field names of a kind are unique")
                numbers[name] = number
            }
        }
        return numbers
    }
}

/// The ways in which a kind departs from the plain catalog kinds.
struct KindTraits: OptionSet {
    let rawValue: Int

    static let showsRow = KindTraits(rawValue: 1)
    static let keepsDocumentTimes = KindTraits(rawValue: 2)
    static let readableLicense = KindTraits(rawValue: 4)
    static let typedProperties = KindTraits(rawValue: 8)
}
