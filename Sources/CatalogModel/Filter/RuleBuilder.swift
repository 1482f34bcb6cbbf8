/// Turns the operator and the literals of one condition into a typed comparison.
struct RuleBuilder {
    let path: String
    let position: Int
    let dialect: FilterDialect
    /// The declared type or that of the suffix; nil lets the literal decide.
    let type: FilterType?
    let onlyType: ValueType?
    /// Whether the field itself asks for comparison without regard to case.
    let foldsCase: Bool

    private var folds: Bool { foldsCase || dialect == .catalog }

    func rule(
        _ comparator: FilterExpression.Comparator, _ literal: FilterLiteral
    ) throws(RequestError) -> ValueRule {
        let relation: ValueRule.Relation
        switch comparator {
        case .like: return try pattern(literal, folds: folds)
        case .ilike: return try pattern(literal, folds: true)
        case .equal: relation = .equal
        case .notEqual: relation = .notEqual
        case .less: relation = .less
        case .lessOrEqual: relation = .lessOrEqual
        case .greater: relation = .greater
        case .greaterOrEqual: relation = .greaterOrEqual
        }
        let isOrdering = relation != .equal && relation != .notEqual
        let operand = try operand(literal)
        switch operand {
        case .boolean where isOrdering: throw mismatch("cannot order boolean values")
        case .text where isOrdering && type == .stringArray && dialect == .full:
            throw mismatch("cannot order arrays")
        default: return make(relation, operand, folds: folds)
        }
    }

    /// A rule that accepts any of the literals, which must agree in type.
    func membership(_ literals: [FilterLiteral]) throws(RequestError) -> ValueRule {
        var texts: Set<String> = []
        var numbers: [ValueRule.Number] = []
        var flags: [Bool] = []
        for literal in literals {
            switch try operand(literal) {
            case .text(let text): texts.insert(text)
            case .number(let number): numbers.append(number)
            case .boolean(let flag): flags.append(flag)
            case .texts, .numbers, .booleans, .pattern: break
            }
        }
        if numbers.isEmpty && flags.isEmpty { return make(.equal, .texts(texts), folds: folds) }
        if texts.isEmpty && flags.isEmpty { return make(.equal, .numbers(numbers), folds: folds) }
        if texts.isEmpty && numbers.isEmpty { return make(.equal, .booleans(flags), folds: folds) }
        guard dialect == .catalog else { throw mismatch("values of different types") }
        return make(.equal, .texts(Set(literals.map { Fold.fold($0.text) })), folds: true)
    }

    private func make(
        _ relation: ValueRule.Relation, _ operand: ValueRule.Operand, folds: Bool
    ) -> ValueRule {
        ValueRule(
            relation: relation, operand: operand, foldsCase: folds,
            comparesText: dialect == .catalog, onlyType: onlyType, isArray: type == .stringArray)
    }

    private func pattern(
        _ literal: FilterLiteral, folds: Bool
    ) throws(RequestError) -> ValueRule {
        if dialect == .catalog {
            let pattern = WildcardPattern(like: Fold.fold(literal.text)).unanchoredIfPlain
            return make(.equal, .pattern(pattern), folds: true)
        }
        guard case .string(let text) = literal.value else {
            throw mismatch("LIKE needs a text")
        }
        switch type {
        case .integer, .double, .boolean: throw mismatch("LIKE needs a property that holds text")
        case .string, .stringArray, nil: break
        }
        let pattern = WildcardPattern(like: folds ? Fold.fold(text) : text)
        return make(.equal, .pattern(pattern), folds: folds)
    }

    /// The literal as a value of the property's type; texts are folded here if they are to be.
    private func operand(_ literal: FilterLiteral) throws(RequestError) -> ValueRule.Operand {
        let folded = folds ? Fold.fold(literal.text) : literal.text
        switch type {
        case nil: return natural(literal, folded: folded)
        case .string, .stringArray:
            if case .string = literal.value { return .text(folded) }
            guard dialect == .catalog else { throw mismatch("expected a text") }
            return .text(folded)
        case .integer, .double:
            if let number = Self.number(literal) { return .number(number) }
            guard dialect == .catalog else { throw mismatch("expected a number") }
            return .text(folded)
        case .boolean:
            if let flag = Self.boolean(literal) { return .boolean(flag) }
            guard dialect == .catalog else { throw mismatch("expected true or false") }
            return .text(folded)
        }
    }

    private func natural(_ literal: FilterLiteral, folded: String) -> ValueRule.Operand {
        switch literal.value {
        case .string: .text(folded)
        case .boolean(let flag): .boolean(flag)
        case .integer(let integer): .number(.init(double: Double(integer), integer: integer))
        case .double(let double): .number(.init(double: double, integer: nil))
        }
    }

    /// A number, also one in quotes.
    private static func number(_ literal: FilterLiteral) -> ValueRule.Number? {
        switch literal.value {
        case .integer(let integer): return .init(double: Double(integer), integer: integer)
        case .double(let double): return .init(double: double, integer: nil)
        case .boolean: return nil
        case .string(let text):
            guard let number = JSONNumber(text: text) else { return nil }
            return .init(double: number.double, integer: Int64(number.text))
        }
    }

    /// A boolean, also one in quotes.
    private static func boolean(_ literal: FilterLiteral) -> Bool? {
        switch literal.value {
        case .boolean(let flag): return flag
        case .string(let text):
            switch Fold.fold(text) {
            case "true": return true
            case "false": return false
            default: return nil
            }
        case .integer, .double: return nil
        }
    }

    private func mismatch(_ problem: String) -> RequestError {
        .badRequest(
            "invalid filter query, type mismatch: \(problem) for \"\(path)\" "
                + "at position \(position)")
    }
}
