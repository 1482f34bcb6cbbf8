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
    let canonical: String

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
        let filter = parameters["filterQuery"] ?? ""
        predicate = try Self.predicate(filter, definition)
        let text = Fold.fold(parameters["q"] ?? "")
        // Lists without searched fields have no such parameter; it is ignored like any other.
        search = text.isEmpty || definition.searchFields.isEmpty ? nil : text
        order = definition.ordering(parameters["orderBy"])
        descending = SortOrder(parameter: parameters["sortOrder"]) == .descending
        let canonical = [
            namespace.name, kind.plugin.name, definition.kind, filter, text, "\(order)",
            descending ? "desc" : "asc", (sources ?? []).sorted().joined(separator: ","),
        ].joined(separator: "\u{0}")
        let token = convention.tokenParameters.lazy.compactMap { parameters[$0] }
            .first { !$0.isEmpty }
        after = try token.map { text throws(RequestError) in
            try PageToken(decoding: text, query: canonical)
        }
        self.canonical = canonical
    }

    private static func predicate(
        _ filter: String, _ kind: KindDefinition
    ) throws(RequestError) -> Predicate? {
        let dialect = kind.convention.filterDialect
        return try FilterExpression.parse(filter, dialect: dialect)?.bind(
            to: kind, dialect: dialect)
    }

    private static func pageSize(
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

    /// Whether every entity of the collection belongs to the list.
    var keepsEverything: Bool { predicate == nil && search == nil && sources == nil }
}
