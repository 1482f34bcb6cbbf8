package import CatalogModel

/// Picks one page out of the records offered to it, and counts all that match.
///
/// Keeps at most twice a page of bodies however many records are offered.
struct PageCollector {
    struct Item {
        let sortKey: SortKey
        let id: Int64
        let body: [UInt8]
    }

    private let query: ListQuery
    /// Whether records arrive in the order of the list, so that the first ones fill the page.
    private let arrivesOrdered: Bool
    private var kept: [Item] = []
    /// The key that an item must precede to be worth keeping, once a page is full.
    private var bar: (sortKey: SortKey, id: Int64)?
    private(set) var matches = 0

    init(query: ListQuery, arrivesOrdered: Bool) {
        self.query = query
        self.arrivesOrdered = arrivesOrdered
    }

    /// Whether the page and the look-ahead item behind it are complete.
    var isFull: Bool { arrivesOrdered && kept.count > query.pageSize }

    /// Takes a record that belongs to the list.
    mutating func offer(_ record: RecordView) {
        matches += 1
        guard !isFull else { return }
        let sortKey = record.sortKey(for: query.order, descending: query.descending)
        let id = record.id
        if let after = query.after, !precedes((after.sortKey, after.id), (sortKey, id)) { return }
        if let bar, !precedes((sortKey, id), bar) { return }
        kept.append(Item(sortKey: sortKey, id: id, body: Array(record.body)))
        if !arrivesOrdered, kept.count / 2 > query.pageSize { prune() }
    }

    private mutating func prune() {
        let wanted = query.pageSize + 1
        kept = kept.sorted { precedes(($0.sortKey, $0.id), ($1.sortKey, $1.id)) }
        if kept.count > wanted { kept.removeLast(kept.count - wanted) }
        if kept.count == wanted, let last = kept.last { bar = (last.sortKey, last.id) }
    }

    private func precedes(
        _ left: (sortKey: SortKey, id: Int64), _ right: (sortKey: SortKey, id: Int64)
    ) -> Bool {
        let (first, second) = query.descending ? (right, left) : (left, right)
        if first.sortKey == second.sortKey { return first.id < second.id }
        return first.sortKey < second.sortKey
    }

    /// The finished page; `total` overrides the count of matches when it is known otherwise.
    consuming func page(total: Int? = nil) -> ListPage {
        if !arrivesOrdered { prune() }
        let hasMore = kept.count > query.pageSize
        let items = kept.prefix(query.pageSize)
        var next: String?
        if hasMore, let last = items.last {
            next = PageToken(query: query.canonical, key: last.sortKey.bytes, id: last.id).encoded
        }
        return ListPage(bodies: items.map(\.body), total: total ?? matches, nextToken: next)
    }
}

/// One page of a list before it is put into the envelope of its convention.
package struct ListPage: Sendable {
    package let bodies: [[UInt8]]
    /// All matches; only meaningful where the list's convention shows them.
    package let total: Int
    package let nextToken: String?

    /// The JSON answer in the envelope of the kind's convention, ended by a newline.
    package func rendered(pageSize: Int, convention: ListConvention) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(bodies.reduce(128) { $0 + $1.count + 1 })
        bytes += #"{"items":["#.utf8
        for (index, body) in bodies.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += body
        }
        let size = convention.sizeCountsAllMatches ? total : bodies.count
        bytes += #"],"size":\#(size)"#.utf8
        if convention.showsPageSize { bytes += #","pageSize":\#(pageSize)"#.utf8 }
        if let nextToken {
            bytes += #","nextPageToken":"\#(nextToken)""#.utf8
        } else if convention.showsEmptyToken {
            bytes += #","nextPageToken":"""#.utf8
        }
        bytes += "}\n".utf8
        return bytes
    }
}
