package import CatalogModel

/// The kinds that the cache knows, each with the number that stands for it in cache keys.
///
/// Built once from the plugin definitions; lookups by number cost an array access, by name one hash.
package struct KindTable: Sendable {
    /// One kind of one plugin with what the cache derives from its definition.
    ///
    /// A class, because the definitions hold dozens of references that every copy would retain.
    package final class Entry: Sendable {
        /// Position in the table; the first two bytes of every cache key of the kind.
        package let number: UInt16
        package let plugin: PluginDefinition
        package let kind: KindDefinition
        /// Numbers of the fields that have an index, ascending; name and id need none.
        package let indexedFields: [Int]
        /// Of each field whether it has an index.
        let isIndexed: [Bool]
        /// Whether bodies leave out fields that filters ask for.
        let hasHiddenFields: Bool
        let bodyPlan: BodyPlan

        /// The names of the fields by which a list can be narrowed or ordered without a scan.
        package var indexedNames: [String] {
            kind.fields.indices.filter { number in
                let field = kind.fields[number]
                return field.name == "name" || field.origin == .id
                    || indexedFields.contains(number)
            }.map { kind.fields[$0].name }
        }

        init(
            number: UInt16, plugin: PluginDefinition, kind: KindDefinition, indexedFields: [Int]
        ) {
            self.number = number
            self.plugin = plugin
            self.kind = kind
            self.indexedFields = indexedFields
            isIndexed = kind.fields.indices.map { indexedFields.contains($0) }
            hasHiddenFields = kind.fields.contains(where: \.hidden)
            bodyPlan = BodyPlan(kind)
        }
    }

    private struct Name: Hashable {
        let plugin: String
        let kind: String
    }

    package let entries: [Entry]
    /// Changes whenever a definition changes what the cache stores; part of the cache's header.
    package let fingerprint: UInt64
    private let numbers: [Name: Int]

    package init(plugins: [PluginDefinition]) {
        var entries: [Entry] = []
        var numbers: [Name: Int] = [:]
        var hash = ByteHash(seed: UInt64(StoreLayout.formatVersion))
        for plugin in plugins {
            for kind in plugin.kinds {
                numbers[Name(plugin: plugin.name, kind: kind.kind)] = entries.count
                let indexed = Self.indexedFields(of: kind)
                entries.append(
                    Entry(
                        number: UInt16(entries.count), plugin: plugin, kind: kind,
                        indexedFields: indexed))
                hash.combine(plugin.name)
                hash.combine(kind.kind)
                for field in kind.fields {
                    hash.combine(field.name)
                    hash.combine("\(field.type) \(field.path) \(field.indexed) \(field.hidden)")
                    hash.combine("\(field.origin) \(field.filterable) \(field.sortable)")
                }
                hash.combine("\(indexed)")
                hash.combine("\(kind.keepsDocumentTimes) \(kind.readableLicense)")
            }
        }
        self.entries = entries
        self.numbers = numbers
        self.fingerprint = hash.value
    }

    /// The fields that clients are told to filter or sort by, ids and times; the rest is scanned.
    ///
    /// An index entry costs about ten bytes per entity, sixty where values differ. Name and id need
    /// none: entities lie in the order of their names, places in that of their ids.
    private static func indexedFields(of kind: KindDefinition) -> [Int] {
        let names = kind.columns.map(\.name) + kind.filterFields.map(\.name)
        let declared = Set(names.compactMap { kind.fieldNumber(named: $0) })
        return kind.fields.indices.filter { number in
            let field = kind.fields[number]
            guard field.indexed, field.name != "name", field.origin != .id else { return false }
            return declared.contains(number) || field.origin != .document
        }
    }

    /// The kind's entry, or nil when no plugin defines it; such rows stay in the store only.
    package func entry(plugin: String, kind: String) -> Entry? {
        numbers[Name(plugin: plugin, kind: kind)].map { entries[$0] }
    }
}
