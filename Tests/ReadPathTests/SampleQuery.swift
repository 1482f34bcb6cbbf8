import CatalogModel

@testable import ReadPath

/// A list request in plain form, with its answer worked out the naive way.
struct SampleQuery {
    let kind: KindTable.Entry
    /// The filter as clients write it, and what it means.
    let filter: (text: String, holds: (SampleItem) -> Bool)
    let order: String
    let descending: Bool
    let search: String
    let sources: Set<String>?
    let pageSize: Int

    var parameters: [String: String] {
        [
            "filterQuery": filter.text, "orderBy": order, "sortOrder": descending ? "DESC" : "ASC",
            "q": search, "pageSize": String(pageSize),
        ]
    }

    /// The ids of all matches in order.
    func answer(_ items: [(item: SampleItem, id: Int64)]) -> [Int64] {
        let shape = SampleItem.Shape(kind)
        let matches = items.filter { item, _ in
            if let sources, !sources.contains(item.source) { return false }
            if !search.isEmpty, !shape.searched.isEmpty {
                let found = shape.searched.contains { field in
                    switch item.value(field) {
                    case .text(let text): text.lowercased().contains(search.lowercased())
                    case .texts(let texts):
                        texts.contains { $0.lowercased().contains(search.lowercased()) }
                    default: false
                    }
                }
                if !found { return false }
            }
            return filter.holds(item)
        }
        let ranked = matches.map { item, id in (rank: rank(item), id: id) }
        let sorted = ranked.sorted { left, right in
            if left.rank == right.rank {
                return descending ? left.id > right.id : left.id < right.id
            }
            let precedes = left.rank.lexicographicallyPrecedes(right.rank)
            return descending ? !precedes : precedes
        }
        return sorted.map(\.id)
    }

    /// Numbers that compare as the values do: class first, then the value.
    private func rank(_ item: SampleItem) -> [Double] {
        let missingLast = [descending ? -1.0 : 9.0]
        switch order {
        case "ID": return []
        case "p.int_value": return item.custom.map { [3, Double($0)] } ?? missingLast
        case "artifacts.m.double_value":
            let value = descending ? item.artifacts.max() : item.artifacts.min()
            return value.map { [3, $0] } ?? missingLast
        default: break
        }
        switch item.value(order) {
        case nil: return [1]
        case .flag(let flag): return [2, flag ? 1 : 0]
        case .number(let number): return [3, Double(number)]
        case .text(let text): return Self.rank(text)
        case .texts(let texts): return Self.rank(texts.joined(separator: ","))
        }
    }

    private static func rank(_ text: String) -> [Double] {
        [4] + text.lowercased().utf8.prefix(240).map { Double($0) }
    }
}

extension SampleQuery {
    static func random(
        _ kind: KindTable.Entry, using generator: inout SeededGenerator
    ) -> SampleQuery {
        let shape = SampleItem.Shape(kind)
        var orders = shape.texts + shape.numbers + shape.flags
        if kind.kind.convention.hasOrderNames { orders.append("ID") }
        if kind.plugin.name == "model" { orders += ["p.int_value", "artifacts.m.double_value"] }
        let searches = ["", "", "AB", "ä", "b a", "nothing"]
        let sources: [Set<String>?] = [nil, nil, nil, ["s1"], ["s1", "S3"], []]
        return SampleQuery(
            kind: kind, filter: filter(shape, kind, depth: 2, using: &generator),
            order: orders.randomElement(using: &generator) ?? "name",
            descending: Bool.random(using: &generator),
            search: searches.randomElement(using: &generator) ?? "",
            sources: sources.randomElement(using: &generator) ?? nil,
            pageSize: [3, 7, 20, 1000].randomElement(using: &generator) ?? 7)
    }

    private typealias Filter = (text: String, holds: (SampleItem) -> Bool)

    private static func filter(
        _ shape: SampleItem.Shape, _ kind: KindTable.Entry, depth: Int,
        using generator: inout SeededGenerator
    ) -> Filter {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0 where depth == 2: return ("", { _ in true })
        case 1 where depth > 0, 2 where depth > 0:
            let left = filter(shape, kind, depth: depth - 1, using: &generator)
            let right = filter(shape, kind, depth: depth - 1, using: &generator)
            if left.text.isEmpty { return right }
            if right.text.isEmpty { return left }
            let isAnd = Bool.random(using: &generator)
            return (
                "(\(left.text)) \(isAnd ? "AND" : "or") (\(right.text))",
                { item in
                    isAnd
                        ? left.holds(item) && right.holds(item)
                        : left.holds(item) || right.holds(item)
                }
            )
        default:
            return condition(
                shape, foldsCase: kind.kind.convention.filterDialect == .catalog, &generator)
        }
    }

    private static func condition(
        _ shape: SampleItem.Shape, foldsCase: Bool, _ generator: inout SeededGenerator
    ) -> Filter {
        let fields = shape.texts + shape.numbers + shape.flags + shape.arrays
        let field = fields.randomElement(using: &generator) ?? "name"
        if shape.numbers.contains(field) { return number(field, &generator) }
        if shape.flags.contains(field) {
            let flag = Bool.random(using: &generator)
            return ("\(field) = \(flag)", { $0.value(field) == .flag(flag) })
        }
        return text(field, foldsCase: foldsCase, isArray: shape.arrays.contains(field), &generator)
    }

    private static func number(_ field: String, _ generator: inout SeededGenerator) -> Filter {
        let wanted = Int.random(in: -3...12, using: &generator)
        let tests: [(String, (Int) -> Bool)] = [
            ("= \(wanted)", { $0 == wanted }), ("!= \(wanted)", { $0 != wanted }),
            ("<> \(wanted)", { $0 != wanted }), ("< \(wanted)", { $0 < wanted }),
            (">= \(wanted)", { $0 >= wanted }), ("IN (\(wanted), 3)", { $0 == wanted || $0 == 3 }),
            ("= '\(wanted)'", { $0 == wanted }),
        ]
        let (text, holds) = tests[Int.random(in: tests.indices, using: &generator)]
        return (
            "\(field) \(text)",
            { item in
                guard case .number(let number) = item.value(field) else { return false }
                return holds(number)
            }
        )
    }

    private static func text(
        _ field: String, foldsCase: Bool, isArray: Bool, _ generator: inout SeededGenerator
    ) -> Filter {
        func fold(_ text: String) -> String { foldsCase ? text.lowercased() : text }
        let word = SampleItem.words.randomElement(using: &generator) ?? "ab"
        let wanted = fold(word)
        let tests: [(String, (String) -> Bool)] = [
            ("= '\(word)'", { fold($0) == wanted }), ("!= '\(word)'", { fold($0) != wanted }),
            ("IN ('\(word)', 'ab')", { fold($0) == wanted || fold($0) == "ab" }),
            ("LIKE 'ab%'", { fold($0).hasPrefix("ab") }),
            (">= '\(word)'", { fold($0) >= wanted }),
        ]
        let index = Int.random(in: 0..<(isArray ? 2 : tests.count), using: &generator)
        let (text, holds) = tests[index]
        return (
            "\(field) \(text)",
            { item in
                switch item.value(field) {
                case .text(let text): return holds(text)
                // One element is enough to be equal; to differ, all have to.
                case .texts(let texts):
                    let values = foldsCase ? texts + [texts.joined(separator: ",")] : texts
                    return index == 0 ? values.contains(where: holds) : values.allSatisfy(holds)
                default: return false
                }
            }
        )
    }
}
