/// A glob over entity names: only `*` is special, case does not matter, the whole name must match.
package struct ItemPattern: Hashable, Sendable, CustomStringConvertible {
    package let text: String
    private let pattern: WildcardPattern

    /// Throws `.badRequest` for an empty or overlong pattern.
    package init(_ text: String) throws(RequestError) {
        guard !text.allSatisfy(\.isWhitespace) else {
            throw .badRequest("item pattern must not be empty")
        }
        guard text.utf8.count <= CatalogLimits.itemPatternBytes else {
            throw .badRequest(
                "item pattern exceeds maximum length of \(CatalogLimits.itemPatternBytes) bytes")
        }
        self.text = text
        self.pattern = WildcardPattern(glob: Fold.fold(text))
    }

    /// Whether the whole name matches; takes at most name length × pattern length steps.
    package func matches(_ name: String) -> Bool {
        pattern.matches(Fold.fold(name))
    }

    package var description: String { text }
}

/// Which entities of a source are taken: included by some pattern or none given, and not excluded.
package struct ItemSelection: Hashable, Sendable {
    package let included: [ItemPattern]
    package let excluded: [ItemPattern]

    /// Throws `.badRequest` for an empty pattern in either list.
    package init(included: [String] = [], excluded: [String] = []) throws(RequestError) {
        self.included = try ItemSelection.patterns(included)
        self.excluded = try ItemSelection.patterns(excluded)
    }

    private static func patterns(_ texts: [String]) throws(RequestError) -> [ItemPattern] {
        var patterns: [ItemPattern] = []
        for text in texts { patterns.append(try ItemPattern(text)) }
        return patterns
    }

    /// Whether an entity of this name is taken.
    package func includes(_ name: String) -> Bool {
        (included.isEmpty || included.contains { $0.matches(name) })
            && !excluded.contains { $0.matches(name) }
    }

    /// Patterns that stand in both lists, which an operator should be told about.
    package var contradictions: [String] {
        included.map(\.text).filter { text in
            excluded.contains { Fold.fold($0.text) == Fold.fold(text) }
        }
    }
}
