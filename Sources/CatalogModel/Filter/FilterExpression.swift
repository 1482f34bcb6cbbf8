/// A filter query as written, before the names in it have a meaning.
package indirect enum FilterExpression: Hashable, Sendable {
    case and([FilterExpression])
    case or([FilterExpression])
    case comparison(Comparison)
    case membership(Membership)

    /// A property compared with one literal.
    package struct Comparison: Hashable, Sendable {
        package let path: String
        package let comparator: Comparator
        package let literal: FilterLiteral
        /// The place of the property in the query, from one.
        package let position: Int
    }

    /// A property that must equal one of several literals.
    package struct Membership: Hashable, Sendable {
        package let path: String
        package let literals: [FilterLiteral]
        /// The place of the property in the query, from one.
        package let position: Int
    }

    /// An operator between a property and a literal.
    package enum Comparator: String, Hashable, Sendable {
        case equal = "="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case like = "LIKE"
        case ilike = "ILIKE"
    }

    /// Reads a query; nil stands for an empty one, which filters nothing.
    ///
    /// Throws `.badRequest` with the place of the error.
    package static func parse(
        _ text: String, dialect: FilterDialect
    ) throws(RequestError) -> FilterExpression? {
        let limit =
            dialect == .catalog ? CatalogLimits.filterLength : CatalogLimits.fullFilterLength
        guard text.utf8.count <= limit else {
            throw .badRequest("filterQuery exceeds maximum length of \(limit) characters")
        }
        var parser = FilterParser(Array(text.utf8), dialect: dialect)
        return try parser.parseQuery()
    }
}

/// A value in a filter query.
package struct FilterLiteral: Hashable, Sendable {
    /// The value with the type that its spelling gives it.
    package enum Value: Hashable, Sendable {
        case string(String)
        case integer(Int64)
        case double(Double)
        case boolean(Bool)
    }

    package let value: Value
    /// The value's spelling, without quotes.
    package let text: String
}

extension FilterExpression: CustomStringConvertible {
    /// The query in a form that depends on its meaning only, for keys of caches and tokens.
    package var description: String {
        switch self {
        case .and(let parts): "(" + parts.map(\.description).joined(separator: " AND ") + ")"
        case .or(let parts): "(" + parts.map(\.description).joined(separator: " OR ") + ")"
        case .comparison(let test):
            "`\(test.path)` \(test.comparator.rawValue) \(test.literal.description)"
        case .membership(let test):
            "`\(test.path)` IN (" + test.literals.map(\.description).joined(separator: ", ") + ")"
        }
    }
}

extension FilterLiteral: CustomStringConvertible {
    package var description: String {
        guard case .string(let text) = value else { return text }
        var buffer: [UInt8] = []
        JSONWriter.append(text, to: &buffer)
        return String(decoding: buffer, as: UTF8.self)
    }
}
