import CatalogModel

/// Keys from a least one on, up to one that is outside.
struct KeyRange: Hashable, Sendable {
    /// Empty for the beginning of the table.
    var lower: [UInt8]
    /// Nil for the end of the table.
    var upper: [UInt8]?

    static let everything = KeyRange(lower: [], upper: nil)

    init(lower: [UInt8], upper: [UInt8]?) {
        self.lower = lower
        self.upper = upper
    }

    /// All keys that begin so.
    init(prefix: [UInt8]) {
        self.init(lower: prefix, upper: StoreLayout.end(ofPrefix: prefix))
    }

    /// Exactly one key.
    init(key: [UInt8]) {
        self.init(lower: key, upper: key + [0])
    }

    func contains(_ key: borrowing Span<UInt8>) -> Bool {
        !Self.precedes(key, lower.span) && (upper.map { Self.precedes(key, $0.span) } ?? true)
    }

    /// What both hold; nil when they have nothing in common.
    func intersection(_ other: KeyRange) -> KeyRange? {
        let lower = self.lower.lexicographicallyPrecedes(other.lower) ? other.lower : self.lower
        let uppers = [upper, other.upper].compactMap { $0 }
        let upper = uppers.min { $0.lexicographicallyPrecedes($1) }
        if let upper, !lower.lexicographicallyPrecedes(upper) { return nil }
        return KeyRange(lower: lower, upper: upper)
    }

    /// Whether one key comes before another in the order of the table.
    static func precedes(_ left: borrowing Span<UInt8>, _ right: borrowing Span<UInt8>) -> Bool {
        let common = min(left.count, right.count)
        for index in 0..<common where left[index] != right[index] {
            return left[index] < right[index]
        }
        return left.count < right.count
    }
}

/// The table of a collection that a list walks.
enum ListTable: Hashable, Sendable {
    /// In the order of names.
    case entities
    /// In the order of ids.
    case places
    /// In the order of a field's values, then of ids.
    case index(field: Int)
}

extension KeyRange {
    /// Where the matches of a condition lie, or nil when nothing is kept in its order.
    ///
    /// The ranges are ascending and do not overlap.
    static func ranges(
        of narrowing: Narrowing, in kind: KindTable.Entry
    ) -> (table: ListTable, ranges: [KeyRange])? {
        let field = kind.kind.fields[narrowing.field]
        if field.name == "name" {
            let prefix = StoreLayout.collectionPrefix(kind.number)
            return (.entities, ranges(narrowing.values, prefix, isName: true))
        }
        if field.origin == .id {
            guard case .anyOf(let values) = narrowing.values else { return nil }
            return (.places, ids(values))
        }
        guard kind.indexedFields.contains(narrowing.field) else { return nil }
        let prefix = StoreLayout.indexPrefix(kind.number, field: narrowing.field)
        return (.index(field: narrowing.field), ranges(narrowing.values, prefix, isName: false))
    }

    /// Names lie without the tag of their type, with an id behind them.
    private static func ranges(
        _ values: Narrowing.Values, _ prefix: [UInt8], isName: Bool
    ) -> [KeyRange] {
        func key(_ value: FieldValue) -> [UInt8] {
            prefix + (isName ? SortKey(value).nameKey : SortKey(value).bytes)
        }
        func key(_ text: String) -> [UInt8] { key(.string(text)) }
        func behind(_ key: [UInt8]) -> [UInt8]? {
            isName ? StoreLayout.end(ofPrefix: key) : key + [0]
        }
        let firstText = isName ? prefix : prefix + SortKey(.string("")).bytes.prefix(1)
        let firstNumber = prefix + SortKey(.integer(0)).bytes.prefix(1)
        switch values {
        case .anyOf(let values):
            // Conversions may make equal keys of different numbers.
            return Set(values.map { key($0) }).sorted { $0.lexicographicallyPrecedes($1) }
                .map { KeyRange(lower: $0, upper: behind($0)) }
        case .prefix(let text):
            // Without the end mark, and no longer than keys are.
            return [KeyRange(prefix: Array(key(text).dropLast()))]
        case .numbers(let from, let to):
            guard !isName else { return [KeyRange(prefix: prefix)] }
            return [
                KeyRange(
                    lower: from.map { key(.double($0)) } ?? firstNumber,
                    upper: to.map { key(.double($0)) + [0] }
                        ?? StoreLayout.end(ofPrefix: firstNumber))
            ]
        case .texts(let from, let to):
            return [
                KeyRange(
                    lower: from.map { key($0) } ?? firstText,
                    upper: to.flatMap { behind(key($0)) } ?? StoreLayout.end(ofPrefix: firstText))
            ]
        }
    }

    private static func ids(_ values: [FieldValue]) -> [KeyRange] {
        let ids = values.compactMap { value -> Int64? in
            switch value {
            case .integer(let id): id
            case .double(let number): Int64(exactly: number)
            default: nil
            }
        }
        return Set(ids).sorted().map { KeyRange(key: StoreLayout.idBytes($0)) }
    }
}
