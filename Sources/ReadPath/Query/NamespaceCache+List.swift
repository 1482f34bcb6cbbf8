import CatalogModel
import LMDB

extension NamespaceCache {
    /// Answers one page of a list from one snapshot.
    ///
    /// Walks the narrowest range that holds the answer: the page itself when everything matches,
    /// the index entries of an equality, or the collection in the order of the list.
    package func list(_ query: ListQuery) throws(ReadError) -> CacheRead<ListPage> {
        try answering { () throws(ReadError) in try self.page(of: query) }
    }

    private func page(of query: ListQuery) throws(ReadError) -> CacheRead<ListPage> {
        try environment.read(throwing: ReadError.self) { transaction throws(ReadError) in
            guard let (stamp, state) = try self.stamp(of: query.kind, in: transaction) else {
                return .cold
            }
            let plan = ListPlan(query)
            var scan = ListScan(query: query, plan: plan)
            try self.run(&scan, plan, in: transaction)
            let total = query.keepsEverything ? state.entityCount : nil
            return .hit(scan.collector.page(total: total), stamp)
        }
    }

    private func run(
        _ scan: inout ListScan, _ plan: ListPlan, in transaction: borrowing ReadTransaction
    ) throws(ReadError) {
        switch plan.path {
        case .entities(let prefixes):
            for prefix in prefixes {
                try walkEntities(prefix, &scan, plan, in: transaction)
            }
        case .index(let prefixes):
            for prefix in prefixes {
                try walkIndex(prefix, &scan, plan, in: transaction)
            }
        }
    }

    private func walkEntities(
        _ prefix: [UInt8], _ scan: inout ListScan, _ plan: ListPlan,
        in transaction: borrowing ReadTransaction
    ) throws(ReadError) {
        try transaction.withCursor(in: entities, throwing: ReadError.self) {
            cursor throws(ReadError) in
            try cursor.forEach(
                withPrefix: prefix, descending: plan.descending, from: plan.start
            ) { record throws(ReadError) in
                try scan.visit(record)
            }
        }
    }

    private func walkIndex(
        _ prefix: [UInt8], _ scan: inout ListScan, _ plan: ListPlan,
        in transaction: borrowing ReadTransaction
    ) throws(ReadError) {
        let number = scan.query.kind.number
        try transaction.withCursor(in: indexes, throwing: ReadError.self) {
            cursor throws(ReadError) in
            try cursor.forEachEntry(
                withPrefix: prefix, descending: plan.descending, from: plan.start
            ) { key, nameKey throws(ReadError) in
                let id = StoreLayout.id(ofKey: key)
                var name: [UInt8] = []
                name.append(nameKey)
                let entityKey = StoreLayout.entityKey(number, nameKey: name, id: id)
                let record: RawSpan?
                do throws(StorageError) {
                    record = try transaction.value(for: entityKey, in: self.entities)
                } catch {
                    throw ReadError(error)
                }
                guard let record else {
                    throw ReadError(.damaged, "an index entry has no entity")
                }
                return try scan.visit(Span<UInt8>(_bytes: record))
            }
        }
    }
}

/// One pass over candidate records, feeding those that match to the collector.
struct ListScan {
    let query: ListQuery
    private let countsAll: Bool
    private let view: RecordView
    var collector: PageCollector

    init(query: ListQuery, plan: ListPlan) {
        self.query = query
        countsAll = query.kind.kind.convention.sizeCountsAllMatches && !query.keepsEverything
        view = RecordView(kind: query.kind)
        collector = PageCollector(query: query, arrivesOrdered: plan.isOrdered)
    }

    /// Looks at one record; false when the page is complete and nothing else is asked.
    mutating func visit(_ record: borrowing Span<UInt8>) throws(ReadError) -> Bool {
        try view.load(record)
        if query.matches(view) { collector.offer(view) }
        return countsAll || !collector.isFull
    }
}

/// Which range of the cache a list walks, and whether it comes in the order of the list.
struct ListPlan {
    enum Path {
        case entities(prefixes: [[UInt8]])
        case index(prefixes: [[UInt8]])
    }

    let path: Path
    let isOrdered: Bool
    let descending: Bool
    /// Where the walk begins instead of at the range's end, when a page token says so.
    let start: [UInt8]?

    init(_ query: ListQuery) {
        let kind = query.kind
        if let path = Self.equality(query) {
            self.path = path
            isOrdered = false
            descending = false
            start = nil
            return
        }
        // Skipping to the token is only right where nothing before it has to be counted.
        let canSkip =
            query.keepsEverything || !kind.kind.convention.sizeCountsAllMatches
        let after = canSkip ? query.after : nil
        descending = query.descending
        switch query.order {
        case .field(let number) where kind.kind.fields[number].name == "name":
            path = .entities(prefixes: [StoreLayout.collectionPrefix(kind.number)])
            isOrdered = true
            start = after.map {
                StoreLayout.entityKey(kind.number, nameKey: $0.sortKey.nameKey, id: $0.id)
            }
        case .field(let number) where kind.indexedFields.contains(number):
            path = .index(prefixes: [StoreLayout.indexPrefix(kind.number, field: number)])
            isOrdered = true
            start = after.map {
                StoreLayout.indexKey(kind.number, field: number, value: $0.sortKey, id: $0.id)
            }
        case .id:
            let field = kind.indexedFields.first { kind.kind.fields[$0].origin == .id }
            path =
                field.map { .index(prefixes: [StoreLayout.indexPrefix(kind.number, field: $0)]) }
                ?? .entities(prefixes: [StoreLayout.collectionPrefix(kind.number)])
            isOrdered = field != nil
            start = field.flatMap { field in
                after.map { Self.idKey(kind, field: field, id: $0.id) }
            }
        default:
            path = .entities(prefixes: [StoreLayout.collectionPrefix(kind.number)])
            isOrdered = false
            start = nil
        }
    }

    private static func idKey(_ kind: KindTable.Entry, field: Int, id: Int64) -> [UInt8] {
        StoreLayout.indexKey(kind.number, field: field, value: SortKey(.integer(id)), id: id)
    }

    /// Whether index entries of the field are found by each of the values.
    ///
    /// A text that is compared with numbers is not, nor one with several spellings in Unicode,
    /// which are equal to the predicate and differ in their bytes.
    private static func finds(_ values: [FieldValue], _ field: FieldDefinition) -> Bool {
        values.allSatisfy { value in
            guard case .string(let text) = value else { return true }
            return field.type == .string && text.utf8.allSatisfy { $0 < 0x80 }
        }
    }

    /// The ranges of an equality that the whole filter implies, if its field has an index.
    private static func equality(_ query: ListQuery) -> Path? {
        let kind = query.kind
        for hint in query.predicate?.equalityHints() ?? [] {
            guard finds(hint.values, kind.kind.fields[hint.field]) else { continue }
            let keys = Set(hint.values.map { SortKey($0) }).sorted()
            if kind.kind.fields[hint.field].name == "name" {
                return .entities(
                    prefixes: keys.map { StoreLayout.namePrefix(kind.number, nameKey: $0.nameKey) })
            }
            if kind.indexedFields.contains(hint.field) {
                return .index(
                    prefixes: keys.map {
                        StoreLayout.indexValuePrefix(kind.number, field: hint.field, value: $0)
                    })
            }
        }
        return nil
    }
}
