import CatalogModel

/// One pass over candidate records, feeding those that match to the collector.
struct ListScan {
    let query: ListQuery
    private let countsAll: Bool
    private let view: RecordView
    private var budget: Int
    var collector: PageCollector
    /// Where the key of the next entity is put together.
    var keyBuffer: [UInt8] = []
    /// Whether the pass ended because it looked at as many records as it may.
    private(set) var isExhausted = false

    init(query: ListQuery, plan: ListPlan) {
        self.query = query
        countsAll = query.visitsAll
        view = RecordView(kind: query.kind)
        budget = plan.budget
        collector = PageCollector(query: query, arrivesOrdered: plan.isOrdered)
    }

    /// Whether the page is complete and nothing else is asked, or the budget is used up.
    var isOver: Bool { isExhausted || (!countsAll && collector.isFull) }

    /// Looks at one record; false when the pass is over.
    mutating func visit(_ record: borrowing Span<UInt8>) throws(ReadError) -> Bool {
        guard budget > 0 else {
            isExhausted = true
            return false
        }
        budget -= 1
        if try query.admits(record, view) { collector.offer(view) }
        return !isOver
    }
}

extension ListQuery {
    /// Whether a record belongs to the list; if so, `view` holds all of it.
    ///
    /// The body is copied only for records that match, or where a condition looks into it.
    func admits(
        _ record: borrowing Span<UInt8>, _ view: RecordView
    ) throws(ReadError) -> Bool {
        if keepsEverything {
            try view.load(record)
            return true
        }
        try view.loadFields(record, through: lastField)
        let isMatch = matches(view)
        if view.missesBody {
            try view.load(record)
            return matches(view)
        }
        if isMatch { try view.load(record) }
        return isMatch
    }
}
