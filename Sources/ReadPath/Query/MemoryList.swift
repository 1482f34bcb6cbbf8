package import CatalogModel

/// A list of things that are at hand all at once: sorted, and shown page by page.
///
/// Speaks about pages as the model catalog's lists do; the tokens are those of other lists.
package struct MemoryList: Sendable {
    /// One thing with its place in the list.
    package struct Item: Sendable {
        package let sortKey: SortKey
        /// Decides between equal keys, and is different for each item.
        package let id: Int64
        package let body: [UInt8]

        /// Puts a rendered thing in its place.
        package init(sortKey: SortKey, id: Int64, body: [UInt8]) {
            self.sortKey = sortKey
            self.id = id
            self.body = body
        }
    }

    package let pageSize: Int
    package let descending: Bool
    private let canonical: String
    private let after: PageToken?

    /// Checks the parameters of pages; throws `.badRequest` for a bad size or a foreign token.
    ///
    /// `identity` is everything that shapes the sequence which a token walks.
    package init(
        _ parameters: QueryParameters, identity: [String]
    ) throws(RequestError) {
        let convention = ListConvention.model
        pageSize = try ListQuery.pageSize(parameters["pageSize"], convention)
        descending = SortOrder(parameter: parameters["sortOrder"]) == .descending
        let canonical = (identity + [descending ? "desc" : "asc"]).joined(separator: "\u{0}")
        let token = convention.tokenParameters.lazy.compactMap { parameters[$0] }
            .first { !$0.isEmpty }
        after = try token.map { text throws(RequestError) in
            try PageToken(decoding: text, query: canonical)
        }
        self.canonical = canonical
    }

    /// A value's place; absent values come last in both directions.
    package func sortKey(_ value: FieldValue) -> SortKey {
        SortKey(value, missingLast: !descending)
    }

    /// The page of the items that the parameters ask for; sorts all of them.
    package func page(of items: [Item]) -> ListPage {
        let sorted = items.sorted { precedes(($0.sortKey, $0.id), ($1.sortKey, $1.id)) }
        let rest = sorted.drop { item in
            guard let after else { return false }
            return !precedes((after.sortKey, after.id), (item.sortKey, item.id))
        }
        let shown = rest.prefix(pageSize)
        var next: String?
        if rest.count > shown.count, let last = shown.last {
            next = PageToken(query: canonical, key: last.sortKey.bytes, id: last.id).encoded
        }
        return ListPage(bodies: shown.map(\.body), total: items.count, nextToken: next)
    }

    /// The page in the envelope of the model catalog, ended by a newline.
    package func rendered(_ items: [Item]) -> [UInt8] {
        page(of: items).rendered(pageSize: pageSize, convention: .model)
    }

    private func precedes(
        _ left: (sortKey: SortKey, id: Int64), _ right: (sortKey: SortKey, id: Int64)
    ) -> Bool {
        let (first, second) = descending ? (right, left) : (left, right)
        return first.sortKey == second.sortKey
            ? first.id < second.id : first.sortKey < second.sortKey
    }
}
