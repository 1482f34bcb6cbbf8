/// A condition on one field that every match meets, in a form by which an index finds candidates.
///
/// It may let too much through, never too little: the predicate still decides.
package struct Narrowing: Sendable, Hashable {
    /// Where the field's values lie; bounds count as inside.
    package enum Values: Sendable, Hashable {
        /// One of these; texts are folded.
        case anyOf([FieldValue])
        /// A text that, folded, begins so.
        case prefix(String)
        /// A number between these.
        case numbers(from: Double?, to: Double?)
        /// A text that, folded, lies between these in the order of bytes.
        case texts(from: String?, to: String?)
    }

    package let field: Int
    package let values: Values

    /// Pairs a field's number with where its values lie.
    package init(field: Int, values: Values) {
        self.field = field
        self.values = values
    }
}

extension Predicate {
    /// The conditions of declared fields that all matches meet, as far as indexes can use them.
    ///
    /// `type` tells the type of a field by its number.
    package func narrowings(_ type: (Int) -> FieldType) -> [Narrowing] {
        let parts: [Node] = if case .all(let parts) = root { parts } else { [root] }
        return parts.compactMap { part in
            guard case .test(let test) = part, case .field(let number) = test.subject,
                let values = test.rule.narrowing(type(number))
            else { return nil }
            return Narrowing(field: number, values: values)
        }
    }
}

extension ValueRule {
    fileprivate func narrowing(_ type: FieldType) -> Narrowing.Values? {
        guard !isArray, onlyType == nil else { return nil }
        switch operand {
        case .number(let number) where relation != .equal && relation != .notEqual:
            return numbers(number.double)
        case .text(let text) where relation != .equal && relation != .notEqual:
            // Only folded texts are ordered as sort keys are.
            guard type == .string, foldsCase else { return nil }
            return texts(text)
        case .pattern(let pattern):
            guard type == .string, relation == .equal else { return nil }
            let prefix = Fold.fold(pattern.asciiPrefix)
            return prefix.isEmpty ? nil : .prefix(prefix)
        default:
            guard let values = equalValues, values.allSatisfy({ Self.isFound($0, type) }) else {
                return nil
            }
            return .anyOf(values)
        }
    }

    /// Whether index entries of a field are found by the value.
    ///
    /// A text that is compared with numbers is not, nor one with several spellings in Unicode,
    /// which are equal to the predicate and differ in their bytes.
    private static func isFound(_ value: FieldValue, _ type: FieldType) -> Bool {
        guard case .string(let text) = value else { return true }
        return type == .string && text.utf8.allSatisfy { $0 < 0x80 }
    }

    private func numbers(_ bound: Double) -> Narrowing.Values {
        switch relation {
        case .less, .lessOrEqual: .numbers(from: nil, to: bound)
        default: .numbers(from: bound, to: nil)
        }
    }

    private func texts(_ bound: String) -> Narrowing.Values {
        switch relation {
        case .less, .lessOrEqual: .texts(from: nil, to: bound)
        default: .texts(from: bound, to: nil)
        }
    }
}
