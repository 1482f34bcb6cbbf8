import CatalogModel
import ReadPath

/// Which paths and parameters the lane answers: gets of one entity and lists of a kind.
///
/// A class, because a look into it would retain each of its arrays otherwise.
final class LaneRoutes: Sendable {
    /// What a request asks for; an empty range stands for what it does not say.
    struct Target {
        let kind: KindTable.Entry
        /// Whether a page of a list is asked for, by the target as a whole.
        var isList = false
        var name = 0..<0
        var source = 0..<0
        var namespace = 0..<0
    }

    /// Numbers only, so that looking at a route copies no reference.
    private struct Route: Sendable {
        /// In `texts`.
        let prefix: Range<Int>
        /// The path of the list, in `texts`; empty for paths without one.
        let list: Range<Int>
        /// What stands between the source and the name, in `texts`; empty without a source.
        let middle: Range<Int>
        let kind: Int
    }

    private let routes: [Route]
    private let kinds: [KindTable.Entry]
    /// The paths that are compared, one after the other.
    private let texts: [UInt8]
    /// Endings, in `texts`, under which the contract has other things than entities.
    private let reserved: [Range<Int>]
    /// Names of parameters, in `texts`.
    private let namespace, source: Range<Int>
    private let plainQuery = ByteClass.plainQuery

    init(kinds: KindTable) {
        self.kinds = kinds.entries
        var texts: [UInt8] = []
        func keep(_ text: String) -> Range<Int> {
            texts.append(contentsOf: text.utf8)
            return (texts.count - text.utf8.count)..<texts.count
        }
        var routes: [Route] = []
        for (number, entry) in kinds.entries.enumerated() {
            let list = entry.kind.listPath
            routes.append(
                Route(
                    prefix: keep("\(list)/"), list: keep(list), middle: 0..<0, kind: number))
            guard entry.kind.getTemplate.contains("{source_id}") else { continue }
            routes.append(
                Route(
                    prefix: keep("\(entry.plugin.basePath)/sources/"), list: 0..<0,
                    middle: keep("/\(entry.kind.plural)/"), kind: number))
        }
        reserved = ["artifacts", "performance", "filter_options", "labels", "preview"].map(keep)
        namespace = keep("namespace")
        source = keep("source")
        self.routes = routes
        self.texts = texts
    }

    /// What a request asks for, or nil when it is nothing that the lane answers.
    func target(of request: LaneRequest, in bytes: Span<UInt8>) -> Target? {
        for route in routes {
            if !route.list.isEmpty, isEqual(bytes, request.path, texts, route.list) {
                var target = Target(kind: kinds[route.kind], isList: true)
                return takeNamespace(request.query, bytes, &target.namespace) ? target : nil
            }
            guard hasPrefix(bytes, request.path, texts, route.prefix) else { continue }
            let rest = (request.path.lowerBound + route.prefix.count)..<request.path.upperBound
            guard var target = entity(route, rest, bytes),
                target.name.count <= CatalogLimits.entityNameBytes,
                !isReserved(target.name, bytes),
                request.query.isEmpty || take(request.query, bytes, &target)
            else { return nil }
            return target
        }
        return nil
    }

    private func entity(_ route: Route, _ rest: Range<Int>, _ bytes: Span<UInt8>) -> Target? {
        guard !route.middle.isEmpty else {
            return rest.isEmpty ? nil : Target(kind: kinds[route.kind], name: rest)
        }
        var end = rest.lowerBound
        while end < rest.upperBound, bytes[end] != UInt8(ascii: "/") { end += 1 }
        let source = rest.lowerBound..<end
        guard !source.isEmpty, hasPrefix(bytes, end..<rest.upperBound, texts, route.middle)
        else { return nil }
        let name = (end + route.middle.count)..<rest.upperBound
        return name.isEmpty ? nil : Target(kind: kinds[route.kind], name: name, source: source)
    }

    /// Reads the query; false for a parameter that the lane does not know or that is repeated.
    private func take(
        _ query: Range<Int>, _ bytes: Span<UInt8>, _ target: inout Target
    ) -> Bool {
        var start = query.lowerBound
        while start < query.upperBound {
            var end = start
            var equals: Int?
            while end < query.upperBound, bytes[end] != UInt8(ascii: "&") {
                if equals == nil, bytes[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            guard let equals, equals + 1 < end else { return false }
            let value = (equals + 1)..<end
            for index in value where !plainQuery.contains(bytes[index]) { return false }
            if isEqual(bytes, start..<equals, texts, namespace), target.namespace.isEmpty {
                target.namespace = value
            } else if isEqual(bytes, start..<equals, texts, source), target.source.isEmpty {
                target.source = value
            } else {
                return false
            }
            guard end != query.upperBound - 1 else { return false }
            start = end + 1
        }
        return true
    }

    /// The namespace that a request for no entity names: the parameter's, else the header's.
    ///
    /// Empty where there is none; nil for a query that the router has to read.
    func namespace(of request: LaneRequest, in bytes: Span<UInt8>) -> Range<Int>? {
        var found = 0..<0
        guard takeNamespace(request.query, bytes, &found) else { return nil }
        return found.isEmpty ? request.namespace : found
    }

    /// Looks for the namespace among the parameters of a list, whose others stand for themselves.
    ///
    /// False for anything but one plain value: the router then finds out which one counts.
    private func takeNamespace(
        _ query: Range<Int>, _ bytes: Span<UInt8>, _ namespace: inout Range<Int>
    ) -> Bool {
        var start = query.lowerBound
        while start < query.upperBound {
            var end = start
            var equals: Int?
            while end < query.upperBound, bytes[end] != UInt8(ascii: "&") {
                if equals == nil {
                    if bytes[end] == UInt8(ascii: "=") { equals = end }
                    // A name that is written in escapes may be any name.
                    if bytes[end] == UInt8(ascii: "%") { return false }
                }
                end += 1
            }
            if isEqual(bytes, start..<(equals ?? end), texts, self.namespace) {
                guard let equals, equals + 1 < end, namespace.isEmpty else { return false }
                namespace = (equals + 1)..<end
                for index in namespace
                where !plainQuery.contains(bytes[index]) { return false }
            }
            start = end + 1
        }
        return true
    }

    private func isReserved(_ name: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
        var start = name.upperBound
        while start > name.lowerBound, bytes[start - 1] != UInt8(ascii: "/") { start -= 1 }
        for word in reserved
        where isEqual(bytes, start..<name.upperBound, texts, word) { return true }
        return false
    }

    private func isEqual(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ texts: [UInt8], _ text: Range<Int>
    ) -> Bool {
        range.count == text.count && hasPrefix(bytes, range, texts, text)
    }

    private func hasPrefix(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ texts: [UInt8], _ text: Range<Int>
    ) -> Bool {
        guard range.count >= text.count else { return false }
        // From the end, because the paths of all kinds begin alike.
        var index = text.count - 1
        while index >= 0 {
            guard bytes[range.lowerBound + index] == texts[text.lowerBound + index] else {
                return false
            }
            index -= 1
        }
        return true
    }
}
