package import CatalogModel

/// Reads the properties of a source that a provider loads, naming what is wrong with one.
package struct ProviderSettings: Sendable {
    package let definition: SourceDefinition

    /// Takes a definition whose properties are to be read.
    package init(_ definition: SourceDefinition) {
        self.definition = definition
    }

    /// Whether the operator's own file defines the source.
    package var isFromFile: Bool { definition.originDirectory != nil }

    /// A text; nil if it is not given or empty.
    package func text(_ key: String) throws(LoadError) -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.stringValue, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { throw error(.invalidField, "\(key) must be a string of one line") }
        return text.isEmpty ? nil : text
    }

    /// A text that has to be given.
    package func requiredText(_ key: String) throws(LoadError) -> String {
        guard let text = try text(key) else { throw error(.missingField, "\(key) is required") }
        return text
    }

    /// A list of texts; empty if it is not given.
    package func texts(_ key: String) throws(LoadError) -> [String] {
        guard let value = value(key) else { return [] }
        guard let texts = value.arrayValue?.compactMap(\.stringValue),
            texts.count == value.arrayValue?.count
        else { throw error(.invalidField, "\(key) must be a list of strings") }
        return texts
    }

    /// True or false, also as a text, because generic clients send texts.
    package func flag(_ key: String, standard: Bool) throws(LoadError) -> Bool {
        guard let value = value(key) else { return standard }
        switch value {
        case .bool(let flag): return flag
        case .string("true"): return true
        case .string("false"): return false
        default: throw error(.invalidField, "\(key) must be true or false")
        }
    }

    /// A whole number, also as a text.
    package func number(
        _ key: String, standard: Int, in range: ClosedRange<Int>
    ) throws(LoadError) -> Int {
        guard let value = value(key) else { return standard }
        let number = value.intValue.map { Int($0) } ?? value.stringValue.flatMap { Int($0) }
        guard let number, range.contains(number) else {
            throw error(
                .invalidField,
                "\(key) must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// Which entities are taken, by the patterns of the source.
    package func selection() throws(LoadError) -> ItemSelection {
        do {
            return try ItemSelection(
                included: definition.includedItems, excluded: definition.excludedItems)
        } catch {
            throw self.error(.invalidField, error.message)
        }
    }

    /// A problem with the source as it is configured, at its place in the operator's file.
    package func error(_ code: LoadError.Code, _ text: String) -> LoadError {
        LoadError(
            code, file: definition.file ?? "sources", at: definition.position,
            "source \"\(definition.id)\": \(text)")
    }

    /// A property that is given; null counts as not given.
    private func value(_ key: String) -> JSONValue? {
        guard let value = definition.properties[key], value != .null else { return nil }
        return value
    }
}
