package import CatalogModel

/// A list request, checked and bound to its kind: what to keep, in which order, from where on.
package struct ListQuery: Sendable {
    package let kind: KindTable.Entry
    package let predicate: Predicate?
    /// Folded text that one of the searched fields must contain.
    let search: String?
    /// The sources whose entities are listed; nil lists all.
    let sources: Set<String>?
    let order: SortField
    let descending: Bool
    package let pageSize: Int
    /// Where the page begins: behind this sort key and id.
    let after: PageToken?
    /// Everything that shapes the sequence that a page token walks; goes into the token.
    ///
    /// Equal for queries that are spelled differently and mean the same.
    let canonical: String
    /// The last field that decides whether an entity belongs to the list; -1 for none.
    let lastField: Int
    /// Entities that one page may look at; a query that needs more is refused.
    package var scanLimit = ReadLimits.standardScanLimit

    /// Checks the query parameters of a list request; throws `.badRequest` as the contract says.
    ///
    /// `sources` narrows the list to some sources on top of what the parameters say.
    package init(
        kind: KindTable.Entry, namespace: Namespace, parameters: QueryParameters,
        sources: Set<String>? = nil
    ) throws(RequestError) {
        let definition = kind.kind
        let convention = definition.convention
        self.kind = kind
        self.sources = sources
        pageSize = try Self.pageSize(parameters["pageSize"], convention)
        let filter = try FilterExpression.parse(
            parameters["filterQuery"] ?? "", dialect: convention.filterDialect)
        predicate = try filter?.bind(to: definition, dialect: convention.filterDialect)
        let text = Fold.fold(parameters["q"] ?? "")
        // Lists without searched fields have no such parameter; it is ignored like any other.
        search = text.isEmpty || definition.searchFields.isEmpty ? nil : text
        lastField = (predicate?.fields ?? []).union(definition.searchFields).max() ?? -1
        let performance =
            convention == .model ? try PerformanceOptions(parameters) : PerformanceOptions()
        order =
            performance.recommends
            ? .recommendation(performance) : definition.ordering(parameters["orderBy"])
        // The fastest come first; the parameters of other orders do not count.
        descending =
            !performance.recommends
            && SortOrder(parameter: parameters["sortOrder"]) == .descending
        let canonical = [
            namespace.name, kind.plugin.name, definition.kind, filter?.description ?? "", text,
            "\(order)",
            descending ? "desc" : "asc",
            sources.map { "=" + $0.sorted().joined(separator: ",") } ?? "",
        ].joined(separator: "\u{0}")
        let token = convention.tokenParameters.lazy.compactMap { parameters[$0] }
            .first { !$0.isEmpty }
        after = try token.map { text throws(RequestError) in
            try PageToken(decoding: text, query: canonical)
        }
        self.canonical = canonical
    }

    /// Names one page: requests with the same key have the same answer from the same content.
    package var pageKey: String {
        let place = after.map { "\($0.id) \($0.key)" } ?? ""
        return "\(canonical)\u{0}\(pageSize)\u{0}\(place)"
    }

    /// What narrows the list: the conditions of the filter, and the sources.
    var narrowings: [Narrowing] {
        var found = predicate?.narrowings { kind.kind.fields[$0].type } ?? []
        let source = kind.kind.fields.firstIndex { $0.origin == .source }
        if let sources, let source {
            // Sources are compared by their bytes, index entries hold them folded.
            let values = sources.sorted().map { FieldValue.string($0) }
            found.append(Narrowing(field: source, values: .anyOf(values)))
        }
        return found
    }

    static func pageSize(
        _ text: String?, _ convention: ListConvention
    ) throws(RequestError) -> Int {
        guard let text, !text.isEmpty else { return convention.defaultPageSize }
        let number = Int(text)
        let rule = number == nil ? convention.malformedSize : convention.nonPositiveSize
        if let number, number > 0 {
            return min(number, convention.maximumPageSize ?? ReadLimits.maxPageSize)
        }
        switch rule {
        case .useDefault: return convention.defaultPageSize
        case .unlimited: return ReadLimits.maxPageSize
        case .reject: throw .badRequest("pageSize: \"\(text)\" is not a valid page size")
        }
    }

    /// Whether a record belongs to the list, page borders aside.
    func matches(_ record: RecordView) -> Bool {
        if let sources, !sources.contains(record.source) { return false }
        if let predicate, !predicate.matches(record) { return false }
        guard let search else { return true }
        return kind.kind.searchFields.contains { number in
            switch record.value(ofField: number) {
            case .string(let text): Self.contains(text, search)
            case .strings(let texts): texts.contains { Self.contains($0, search) }
            default: false
            }
        }
    }

    /// Whether a text, once folded, holds the bytes of a folded one.
    private static func contains(_ text: String, _ search: String) -> Bool {
        let text = Fold.fold(text)
        let bytes = text.utf8.span
        let wanted = search.utf8.span
        guard let first = search.utf8.first else { return true }
        guard bytes.count >= wanted.count else { return false }
        for start in 0...(bytes.count - wanted.count) where bytes[start] == first {
            var length = 1
            while length < wanted.count, bytes[start + length] == wanted[length] { length += 1 }
            if length == wanted.count { return true }
        }
        return false
    }

    /// Whether all matches are counted, so that a full page does not end the search.
    var visitsAll: Bool { kind.kind.convention.sizeCountsAllMatches && !keepsEverything }

    /// Whether every entity of the collection belongs to the list.
    var keepsEverything: Bool { predicate == nil && search == nil && sources == nil }
}
