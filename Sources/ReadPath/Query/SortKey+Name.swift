import CatalogModel

extension SortKey {
    /// The name as entity keys hold it: its sort key without the tag in front.
    static func nameKey(_ name: String) -> [UInt8] {
        var key: [UInt8] = []
        appendNameKey(name, to: &key)
        return key
    }

    /// The same behind other keys.
    static func appendNameKey(_ name: String, to keys: inout [UInt8]) {
        let start = keys.count
        encode(.string(name), into: &keys)
        keys.remove(at: start)
    }

    /// A text's sort key without its tag.
    var nameKey: [UInt8] { Array(bytes.dropFirst()) }
}

extension RecordView {
    /// The record's place in a list of the given order; the id decides between equal keys.
    ///
    /// Of several artifacts the one counts that comes first in the list's direction; records
    /// without any come last in both.
    func sortKey(for order: SortField, descending: Bool) -> SortKey {
        switch order {
        case .field(let number):
            return SortKey(value(ofField: number))
        case .typedField(let number):
            return SortKey(value(ofField: number), missingLast: !descending)
        case .id:
            return SortKey(.missing)
        case .custom(let name, let type):
            return SortKey(customValue(name).narrowed(to: type), missingLast: !descending)
        case .artifact(let name, let type):
            let keys = (0..<artifactCount).lazy
                .map { self.artifactValue($0, name).narrowed(to: type) }
                .filter { $0 != .missing }
                .map { SortKey($0) }
            let first = descending ? keys.max() : keys.min()
            return first ?? SortKey(.missing, missingLast: !descending)
        case .recommendation(let options):
            let latency = Recommendation.lowestLatency(of: artifactList(), options)
            return SortKey(
                latency.map { .double($0) } ?? .missing, missingLast: !descending)
        }
    }
}

extension FieldValue {
    /// The value if it is of a property type, else nothing.
    func narrowed(to type: ValueType) -> FieldValue {
        switch (self, type) {
        case (.string, .string), (.integer, .integer), (.double, .double), (.boolean, .boolean),
            (.strings, .array), (.integer, .double):
            self
        default: .missing
        }
    }
}
