package import CatalogModel
import LMDB

extension NamespaceCache {
    /// What the entities of a collection can be filtered by, rendered: the kept answer if neither the
    /// collection nor the named queries have changed since.
    ///
    /// Else looks at every entity of the collection in one snapshot, some 20 µs a model; throws
    /// `.tooBroad` where there are more than `limit`.
    package func filterOptions(
        of kind: KindTable.Entry, namedQueries: JSONObject, limit: Int
    ) throws(ReadError) -> CacheRead<RenderedPage> {
        let key = "filter_options\u{0}" + JSONValue.object(namedQueries).encodedText
        guard case .hit(_, let stamp) = try stamp(of: kind) else { return .cold }
        if let page = pages.page(for: key, stamp: PageStamp(stamp)) { return .hit(page, stamp) }
        guard
            case .hit(let body, let found) = try answering({ () throws(ReadError) in
                try self.options(of: kind, namedQueries: namedQueries, limit: limit)
            })
        else { return .cold }
        let page = RenderedPage(key: key, kind: kind, stamp: PageStamp(found), body: body)
        pages.keep(page)
        return .hit(page, found)
    }

    private func options(
        of kind: KindTable.Entry, namedQueries: JSONObject, limit: Int
    ) throws(ReadError) -> CacheRead<[UInt8]> {
        try environment.read(throwing: ReadError.self) { transaction throws(ReadError) in
            guard let (stamp, state) = try self.stamp(of: kind, in: transaction) else {
                return .cold
            }
            guard state.entityCount <= limit else {
                throw ReadError(.tooBroad, "the collection has more than \(limit) entities")
            }
            var scan = OptionScan(kind: kind)
            try transaction.withCursor(
                in: self.tables(of: kind).entities, throwing: ReadError.self
            ) { cursor throws(ReadError) in
                try cursor.forEachEntry(in: .everything, descending: false) {
                    _, record throws(ReadError) in
                    try scan.visit(record)
                    return true
                }
            }
            return .hit(scan.rendered(namedQueries: namedQueries), stamp)
        }
    }
}

/// Collects filter options from encoded records.
private struct OptionScan {
    private var options: FilterOptions
    private let view: RecordView

    init(kind: KindTable.Entry) {
        options = FilterOptions(kind: kind.kind)
        view = RecordView(kind: kind)
    }

    mutating func visit(_ record: borrowing Span<UInt8>) throws(ReadError) {
        try view.load(record)
        options.add(
            view, customProperties: view.customProperties, artifacts: view.artifactElements)
    }

    func rendered(namedQueries: JSONObject) -> [UInt8] {
        JSONValue.object(options.json(namedQueries: namedQueries)).encoded + [0x0A]
    }
}

/// Collects filter options from rows that come straight from the store, by the rules of the cache.
package struct RowOptions {
    private let kind: KindTable.Entry
    private var scan: OptionScan

    package init(kind: KindTable.Entry) {
        self.kind = kind
        scan = OptionScan(kind: kind)
    }

    /// Takes rows in any order.
    package mutating func add(_ batch: [StoredEntity]) throws(ReadError) {
        for row in batch { try scan.visit(CacheRecord.build(row, kind: kind).bytes.span) }
    }

    /// The answer, ended by a newline.
    package func rendered(namedQueries: JSONObject) -> [UInt8] {
        scan.rendered(namedQueries: namedQueries)
    }
}
