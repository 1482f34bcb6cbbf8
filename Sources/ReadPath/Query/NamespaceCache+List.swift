import CatalogModel
import LMDB

extension NamespaceCache {
    /// Answers one page of a list from one snapshot.
    ///
    /// Walks the narrowest range that holds the answer: the page itself when everything matches,
    /// the index entries of a condition, or the collection in the order of the list. Throws
    /// `.tooBroad` where that is longer than the query may look at.
    package func list(_ query: ListQuery) throws(ReadError) -> CacheRead<ListPage> {
        try answering { () throws(ReadError) in try self.page(of: query) }
    }

    private func page(of query: ListQuery) throws(ReadError) -> CacheRead<ListPage> {
        try environment.read(throwing: ReadError.self) { transaction throws(ReadError) in
            guard let (stamp, state) = try self.stamp(of: query.kind, in: transaction) else {
                return .cold
            }
            let planner = ListPlanner(query, entityCount: state.entityCount)
            var choices = planner.choices()
            try self.count(&choices, of: query.kind, in: transaction)
            for plan in planner.plans(choices) where plan.leastVisits <= plan.budget {
                var scan = ListScan(query: query, plan: plan)
                try self.run(&scan, plan, in: transaction)
                guard !scan.isExhausted else { continue }
                let total = query.keepsEverything ? state.entityCount : nil
                return .hit(scan.collector.page(total: total), stamp)
            }
            throw ReadError(
                .tooBroad, "the list would look at more than \(query.scanLimit) entities")
        }
    }

    /// Counts what each choice has, no further than the least so far.
    private func count(
        _ choices: inout [ListPlanner.Choice], of kind: KindTable.Entry,
        in transaction: borrowing ReadTransaction
    ) throws(ReadError) {
        guard choices.count > 0 else { return }
        var limit = ReadLimits.maxCountedEntries
        for index in choices.indices {
            var count = 0
            for range in choices[index].ranges where count < limit {
                count += try self.count(
                    range, of: choices[index].table, kind, limit - count, in: transaction)
            }
            choices[index].count = count
            limit = min(limit, max(1, count))
        }
    }

    private func count(
        _ range: KeyRange, of table: ListTable, _ kind: KindTable.Entry, _ limit: Int,
        in transaction: borrowing ReadTransaction
    ) throws(ReadError) -> Int {
        let isIndex = if case .index = table { true } else { false }
        return try transaction.withCursor(in: self.table(table, of: kind), throwing: ReadError.self)
        { cursor throws(ReadError) in
            do throws(StorageError) {
                return try cursor.count(
                    in: range, hasDuplicates: isIndex, limit: limit,
                    maxKeys: ReadLimits.maxCountedKeys)
            } catch {
                throw ReadError(error)
            }
        }
    }

    private func table(_ table: ListTable, of kind: KindTable.Entry) -> Table {
        let tables = tables(of: kind)
        return switch table {
        case .entities: tables.entities
        case .places: tables.places
        case .index: tables.indexes
        }
    }

    private func run(
        _ scan: inout ListScan, _ plan: ListPlan, in transaction: borrowing ReadTransaction
    ) throws(ReadError) {
        for range in plan.walk where !scan.isOver {
            switch plan.table {
            case .entities: try walkEntities(range, &scan, plan, in: transaction)
            case .places, .index: try walkReferences(range, &scan, plan, in: transaction)
            }
        }
    }

    private func walkEntities(
        _ range: KeyRange, _ scan: inout ListScan, _ plan: ListPlan,
        in transaction: borrowing ReadTransaction
    ) throws(ReadError) {
        let table = tables(of: scan.query.kind).entities
        try transaction.withCursor(in: table, throwing: ReadError.self) {
            cursor throws(ReadError) in
            try cursor.forEachEntry(in: range, descending: plan.descending, from: plan.start) {
                _, record throws(ReadError) in
                try scan.visit(record)
            }
        }
    }

    /// Walks entries that name entities: places, or the ids of an index with their places.
    private func walkReferences(
        _ range: KeyRange, _ scan: inout ListScan, _ plan: ListPlan,
        in transaction: borrowing ReadTransaction
    ) throws(ReadError) {
        let kind = scan.query.kind
        try transaction.withCursor(in: table(plan.table, of: kind), throwing: ReadError.self) {
            cursor throws(ReadError) in
            try cursor.forEachEntry(in: range, descending: plan.descending, from: plan.start) {
                key, value throws(ReadError) in
                if plan.table == .places {
                    let id = StoreLayout.id(ofKey: key)
                    return try self.visit(id, value, &scan, in: transaction)
                }
                let id = StoreLayout.id(ofKey: value)
                let place: RawSpan?
                do throws(StorageError) {
                    place = try transaction.value(
                        for: value, in: self.tables(of: kind).places)
                } catch {
                    throw ReadError(error)
                }
                guard let place else {
                    throw ReadError(.damaged, "an index entry has no place")
                }
                return try self.visit(id, Span<UInt8>(_bytes: place), &scan, in: transaction)
            }
        }
    }

    private func visit(
        _ id: Int64, _ nameKey: borrowing Span<UInt8>, _ scan: inout ListScan,
        in transaction: borrowing ReadTransaction
    ) throws(ReadError) -> Bool {
        let kind = scan.query.kind
        var key = scan.keyBuffer
        StoreLayout.setEntityKey(kind.number, nameKey: nameKey, id: id, in: &key)
        scan.keyBuffer = key
        let record: RawSpan?
        do throws(StorageError) {
            record = try transaction.value(for: key, in: tables(of: kind).entities)
        } catch {
            throw ReadError(error)
        }
        guard let record else { throw ReadError(.damaged, "a place has no entity") }
        return try scan.visit(Span<UInt8>(_bytes: record))
    }
}
