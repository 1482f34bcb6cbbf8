/// A recursive-descent reader of the filter grammar.
struct FilterParser {
    private var scanner: FilterScanner
    private let dialect: FilterDialect
    private var conditions = 0
    private var nesting = 0

    init(_ bytes: [UInt8], dialect: FilterDialect) {
        scanner = FilterScanner(bytes)
        self.dialect = dialect
    }

    mutating func parseQuery() throws(RequestError) -> FilterExpression? {
        scanner.skipSpace()
        if scanner.isAtEnd { return nil }
        let expression = try parseOr()
        scanner.skipSpace()
        guard scanner.isAtEnd else { throw scanner.syntaxError("expected AND, OR or the end") }
        return expression
    }

    private mutating func parseOr() throws(RequestError) -> FilterExpression {
        var parts = [try parseAnd()]
        while scanner.take(keyword: "OR") { parts.append(try parseAnd()) }
        return parts.count == 1 ? parts[0] : .or(parts)
    }

    private mutating func parseAnd() throws(RequestError) -> FilterExpression {
        var parts = [try parseTerm()]
        while scanner.take(keyword: "AND") { parts.append(try parseTerm()) }
        return parts.count == 1 ? parts[0] : .and(parts)
    }

    private mutating func parseTerm() throws(RequestError) -> FilterExpression {
        guard scanner.take(UInt8(ascii: "(")) else { return try parseCondition() }
        nesting += 1
        guard nesting <= CatalogLimits.filterNesting else {
            throw scanner.syntaxError("nesting exceeds \(CatalogLimits.filterNesting) levels")
        }
        let expression = try parseOr()
        guard scanner.take(UInt8(ascii: ")")) else { throw scanner.syntaxError("expected \")\"") }
        nesting -= 1
        return expression
    }

    private mutating func parseCondition() throws(RequestError) -> FilterExpression {
        conditions += 1
        guard conditions <= CatalogLimits.filterConditions else {
            throw scanner.syntaxError("more than \(CatalogLimits.filterConditions) conditions")
        }
        scanner.skipSpace()
        let position = scanner.position
        let path = try scanner.readPath()
        guard let comparator = try scanner.readComparator() else {
            return .membership(
                .init(path: path, literals: try parseList(), position: position))
        }
        let literal = try scanner.readLiteral(bareWords: dialect == .catalog)
        return .comparison(
            .init(path: path, comparator: comparator, literal: literal, position: position))
    }

    private mutating func parseList() throws(RequestError) -> [FilterLiteral] {
        guard scanner.take(UInt8(ascii: "(")) else { throw scanner.syntaxError("expected \"(\"") }
        var literals: [FilterLiteral] = []
        repeat {
            guard literals.count < CatalogLimits.filterInValues else {
                throw scanner.syntaxError(
                    "more than \(CatalogLimits.filterInValues) values in a list")
            }
            literals.append(try scanner.readLiteral(bareWords: dialect == .catalog))
        } while scanner.take(UInt8(ascii: ","))
        guard scanner.take(UInt8(ascii: ")")) else {
            throw scanner.syntaxError("expected \",\" or \")\"")
        }
        return literals
    }
}
