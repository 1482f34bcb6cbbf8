import CatalogModel

/// Which entries of the cache a list walks, and whether they come in the order of the list.
struct ListPlan {
    let table: ListTable
    /// Ascending, without overlaps.
    let ranges: [KeyRange]
    let isOrdered: Bool
    let descending: Bool
    /// Where the walk begins instead of at the range's end, when a page token says so.
    let start: WalkStart?
    /// Entities that may be looked at.
    var budget: Int
    /// Entities that are looked at whatever they are; zero where a full page ends the walk.
    let leastVisits: Int

    /// Walks the whole collection, in the order of the list where something is kept in it.
    init(whole query: ListQuery, entityCount: Int) {
        let kind = query.kind
        let table = Self.table(inOrderOf: query)
        self.table = table ?? .entities
        ranges = [Self.everything(of: self.table, kind)]
        isOrdered = table != nil
        descending = table != nil && query.descending
        start = table.flatMap { Self.start(of: query, in: $0) }
        budget = query.scanLimit
        leastVisits = table != nil && !query.visitsAll ? 0 : entityCount
    }

    /// Walks the ranges of a condition.
    init(_ query: ListQuery, narrowedTo choice: ListPlanner.Choice) {
        table = choice.table
        ranges = choice.ranges
        // Several ranges of one order still follow each other.
        isOrdered = table == Self.table(inOrderOf: query)
        descending = isOrdered && query.descending
        start = isOrdered ? Self.start(of: query, in: table) : nil
        budget = query.scanLimit
        leastVisits = isOrdered && !query.visitsAll ? 0 : choice.count
    }

    /// The ranges in the direction of the walk.
    var walk: [KeyRange] { descending ? ranges.reversed() : ranges }

    private static func table(inOrderOf query: ListQuery) -> ListTable? {
        switch query.order {
        case .id: .places
        case .field(let number) where query.kind.kind.fields[number].name == "name": .entities
        case .field(let number) where query.kind.indexedFields.contains(number):
            .index(field: number)
        default: nil
        }
    }

    static func everything(of table: ListTable, _ kind: KindTable.Entry) -> KeyRange {
        switch table {
        case .entities, .places: .everything
        case .index(let field):
            KeyRange(prefix: StoreLayout.indexPrefix(kind.number, field: field))
        }
    }

    /// Skipping to the token is only right where nothing before it has to be counted.
    private static func start(of query: ListQuery, in table: ListTable) -> WalkStart? {
        guard let after = query.after, !query.visitsAll else { return nil }
        let kind = query.kind.number
        switch table {
        case .entities:
            return WalkStart(
                key: StoreLayout.entityKey(kind, nameKey: after.sortKey.nameKey, id: after.id))
        case .places:
            return WalkStart(key: StoreLayout.idBytes(after.id))
        case .index(let field):
            return WalkStart(
                key: StoreLayout.indexKey(kind, field: field, value: after.sortKey),
                value: StoreLayout.idBytes(after.id))
        }
    }
}

/// Chooses the plans of a list: the narrowest one, and perhaps a cheaper one to try before it.
struct ListPlanner {
    /// A condition as ranges of one table, with the number of their entries as far as counted.
    struct Choice {
        let table: ListTable
        let ranges: [KeyRange]
        var count = 0
    }

    private let query: ListQuery
    private let entityCount: Int

    init(_ query: ListQuery, entityCount: Int) {
        self.query = query
        self.entityCount = entityCount
    }

    /// The conditions that an index can look up, those of one table joined; each to be counted.
    func choices() -> [Choice] {
        var choices: [Choice] = []
        for narrowing in query.narrowings {
            guard let found = KeyRange.ranges(of: narrowing, in: query.kind) else { continue }
            let known = choices.firstIndex { $0.table == found.table }
            if let known {
                let both = Self.intersection(choices[known].ranges, found.ranges)
                choices[known] = Choice(table: found.table, ranges: both)
            } else {
                choices.append(Choice(table: found.table, ranges: found.ranges))
            }
        }
        return choices
    }

    /// The plans in the order in which they are to be tried; the last one is not given up.
    func plans(_ choices: [Choice]) -> [ListPlan] {
        let whole = ListPlan(whole: query, entityCount: entityCount)
        guard let best = choices.min(by: { $0.count < $1.count }) else { return [whole] }
        let narrow = ListPlan(query, narrowedTo: best)
        guard whole.isOrdered, !narrow.isOrdered, !query.visitsAll else { return [narrow] }
        // Where matches are frequent, the first page is found soon in the order of the list.
        let expected = (query.pageSize + 1) * entityCount / max(1, best.count)
        guard expected < best.count * ReadLimits.lookupCost else { return [narrow] }
        var hopeful = whole
        hopeful.budget = min(query.scanLimit, 4 * expected)
        return [hopeful, narrow]
    }

    private static func intersection(_ left: [KeyRange], _ right: [KeyRange]) -> [KeyRange] {
        left.flatMap { range in right.compactMap { range.intersection($0) } }
    }
}
