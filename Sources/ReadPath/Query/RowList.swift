package import CatalogModel

/// Evaluates a list over rows that come straight from the store, by the rules of the cache.
///
/// For answers while a collection is not loaded: same records, same filter, same order, same tokens.
package struct RowList {
    private let query: ListQuery
    private let view: RecordView
    private var collector: PageCollector
    private var builder: RecordBuilder

    package init(_ query: ListQuery) {
        self.query = query
        builder = RecordBuilder(query.kind)
        view = RecordView(kind: query.kind)
        collector = PageCollector(query: query, arrivesOrdered: false)
    }

    /// Takes rows in any order.
    package mutating func add(_ batch: [StoredEntity]) throws(ReadError) {
        for row in batch {
            let record = builder.build(row, hasDigest: false).bytes
            if try query.admits(record.span, view) { collector.offer(view) }
        }
    }

    /// The finished page.
    package consuming func page() -> ListPage {
        collector.page()
    }
}

/// Evaluates a get over the rows of one name, by the rules of the cache.
package enum RowGet {
    /// Picks the entity that answers; nil when no row does.
    package static func answer(
        named name: String, source: String?, of kind: KindTable.Entry,
        precedence: SourcePrecedence, rows: [StoredEntity], withArtifacts: Bool = false
    ) throws(ReadError) -> EntityAnswer? {
        var choice = EntityChoice(name: name, source: source, kind: kind, precedence: precedence)
        choice.keepsArtifacts = withArtifacts
        for row in rows {
            try choice.consider(CacheRecord.build(row, kind: kind).bytes.span)
        }
        return choice.answer
    }
}
