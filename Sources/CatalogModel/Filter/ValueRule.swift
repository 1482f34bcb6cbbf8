/// A comparison with its operand, typed and prepared.
struct ValueRule: Sendable, Hashable {
    /// A number with its exact integer, if it has one.
    struct Number: Sendable, Hashable {
        let double: Double
        let integer: Int64?
    }

    /// What a value is compared with.
    enum Operand: Sendable, Hashable {
        case texts(Set<String>)
        case text(String)
        case pattern(WildcardPattern)
        case numbers([Number])
        case number(Number)
        case boolean(Bool)
        case booleans([Bool])
    }

    /// The outcome that the operator accepts.
    enum Relation: Sendable, Hashable {
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    }

    let relation: Relation
    /// Folded already if `foldsCase`.
    let operand: Operand
    let foldsCase: Bool
    /// Whether values of every type are compared by their text, arrays also by their joined text.
    let comparesText: Bool
    /// The only type of value that counts; nil accepts every type that fits the operand.
    let onlyType: ValueType?
    /// Whether the field can hold several values, so that no index finds it by one.
    let isArray: Bool

    func accepts(_ value: FieldValue) -> Bool {
        if let onlyType, !onlyType.includes(value) { return false }
        switch value {
        case .missing: return false
        case .strings(let elements): return acceptsElements(elements)
        case .string(let text): return accepts(text: text)
        case .integer(let integer):
            return acceptsNumber(Number(double: Double(integer), integer: integer), value)
        case .double(let double):
            return acceptsNumber(Number(double: double, integer: nil), value)
        case .boolean(let flag):
            switch operand {
            case .boolean(let wanted): return (flag == wanted) == (relation == .equal)
            case .booleans(let wanted): return wanted.contains(flag) == (relation == .equal)
            default: return acceptsByText(value)
            }
        }
    }

    private func acceptsByText(_ value: FieldValue) -> Bool {
        guard comparesText, let text = value.text else { return false }
        return accepts(text: text)
    }

    private func accepts(text: String) -> Bool {
        let text = foldsCase ? Fold.fold(text) : text
        switch operand {
        case .text(let wanted): return relation.holds(text: text, wanted)
        case .texts(let wanted): return wanted.contains(text) == (relation == .equal)
        case .pattern(let pattern): return pattern.matches(text) == (relation == .equal)
        case .number, .numbers, .boolean, .booleans: return false
        }
    }

    private func acceptsNumber(_ number: Number, _ value: FieldValue) -> Bool {
        switch operand {
        case .number(let wanted): relation.holds(number, wanted)
        case .numbers(let wanted):
            wanted.contains { Relation.equal.holds(number, $0) } == (relation == .equal)
        default: acceptsByText(value)
        }
    }

    private func acceptsElements(_ elements: [String]) -> Bool {
        if comparesText { return acceptsJoined(elements) }
        if case .pattern = operand {
            return accepts(text: JSONValue.strings(elements).encodedText)
        }
        guard relation == .notEqual else { return elements.contains { accepts(text: $0) } }
        return elements.allSatisfy { accepts(text: $0) }
    }

    private func acceptsJoined(_ elements: [String]) -> Bool {
        let joined = elements.joined(separator: ",")
        switch relation {
        case .equal: return accepts(text: joined) || elements.contains { accepts(text: $0) }
        case .notEqual: return accepts(text: joined) && elements.allSatisfy { accepts(text: $0) }
        case .less, .lessOrEqual, .greater, .greaterOrEqual: return accepts(text: joined)
        }
    }

    /// The values one of which is accepted, as far as an index can find them.
    var equalValues: [FieldValue]? {
        guard relation == .equal, !comparesText || foldsCase, !isArray else { return nil }
        switch operand {
        case .text(let text): return [.string(Fold.fold(text))]
        case .texts(let texts): return texts.map { .string(Fold.fold($0)) }.uniqued()
        case .number(let number): return [number.fieldValue]
        case .numbers(let numbers): return numbers.map(\.fieldValue)
        case .boolean(let flag): return [.boolean(flag)]
        case .booleans(let flags): return flags.map { .boolean($0) }
        case .pattern: return nil
        }
    }
}

extension ValueRule.Number {
    var fieldValue: FieldValue { integer.map { .integer($0) } ?? .double(double) }
}

extension ValueRule.Relation {
    /// Compares texts; their order is that of their bytes, as in lists and in the store.
    func holds(text left: String, _ right: String) -> Bool {
        switch self {
        case .equal: left == right
        case .notEqual: left != right
        case .less: left.utf8.lexicographicallyPrecedes(right.utf8)
        case .lessOrEqual: !right.utf8.lexicographicallyPrecedes(left.utf8)
        case .greater: right.utf8.lexicographicallyPrecedes(left.utf8)
        case .greaterOrEqual: !left.utf8.lexicographicallyPrecedes(right.utf8)
        }
    }

    func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
        switch self {
        case .equal: left == right
        case .notEqual: left != right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        }
    }

    func holds(_ left: ValueRule.Number, _ right: ValueRule.Number) -> Bool {
        if let left = left.integer, let right = right.integer { return holds(left, right) }
        return holds(left.double, right.double)
    }
}

extension ValueType {
    /// Whether a value is of this type.
    func includes(_ value: FieldValue) -> Bool {
        switch (self, value) {
        case (.string, .string), (.integer, .integer), (.double, .double),
            (.boolean, .boolean), (.array, .strings):
            true
        default: false
        }
    }
}

extension Sequence where Element: Hashable {
    fileprivate func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
