import CatalogModel
import ReadPath

/// The stages of the read path and of the feed, each as one operation on a fixture.
struct Stages {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// A stage with what it may cost.
    struct Stage: Sendable {
        let name: String
        /// Operations of one round.
        let operations: Int
        /// Most allocations of one operation; committed, so that a new one is noticed.
        let allocations: Double
        let growth: Growth
    }

    /// What must not grow with the collection, and what may grow with it.
    static let all: [Stage] = [
        Stage(name: "get", operations: 20_000, allocations: 12, growth: .none),
        Stage(name: "get, absent", operations: 20_000, allocations: 11, growth: .none),
        Stage(name: "get, in place", operations: 20_000, allocations: 0, growth: .none),
        Stage(name: "kept page, in place", operations: 20_000, allocations: 0, growth: .none),
        Stage(name: "list, page of 100", operations: 200, allocations: 360, growth: .none),
        Stage(name: "render a page of 100", operations: 500, allocations: 4, growth: .none),
        Stage(
            name: "filter by index, 100 matches", operations: 100, allocations: 395, growth: .none),
        Stage(name: "filter by scan", operations: 1, allocations: 220_000, growth: .linear),
        Stage(
            name: "order without index, top 20", operations: 1, allocations: 550_000,
            growth: .linear),
        Stage(
            name: "render and digest 1,000 entities", operations: 5, allocations: 4_500,
            growth: .none),
        Stage(name: "apply one change", operations: 200, allocations: 92, growth: .pages),
        Stage(name: "apply 100 changes", operations: 10, allocations: 6_500, growth: .pages),
    ]

    let fixture: CacheFixture

    func sample(_ stage: Stage) throws -> Sample {
        let operation = try operation(stage.name)
        return try Sample.measure(operations: stage.operations, operation)
    }

    private func operation(_ name: String) throws -> (Int) throws -> Void {
        switch name {
        case "get": get("", found: true)
        case "get, absent": get("x", found: false)
        case "get, in place": hit()
        case "kept page, in place": try keptPage()
        case "list, page of 100": try list("pageSize=100", matches: 100)
        case "render a page of 100": try render()
        case "filter by index, 100 matches":
            try list("pageSize=100&filterQuery=provider%3D%27provider-7%27", matches: 100)
        case "filter by scan":
            try list("filterQuery=description%20LIKE%20%27%25zzzz%25%27", matches: 0)
        case "order without index, top 20":
            try list("pageSize=20&orderBy=description", matches: 20)
        case "render and digest 1,000 entities": build()
        case "apply one change": { turn in try fixture.apply(changing: [scattered(turn)]) }
        case "apply 100 changes":
            { turn in
                try fixture.apply(changing: (0..<100).map { scattered(turn * 100 + $0) })
            }
        default: throw Failure(description: "no stage \(name)")
        }
    }

    /// Numbers all over the collection; no two of a hundred neighbours are alike.
    private func scattered(_ turn: Int) -> Int { (turn * 7_919) % fixture.count }

    private func get(_ suffix: String, found: Bool) -> (Int) throws -> Void {
        let names = (0..<1_000).map { fixture.name(scattered($0)) + suffix }
        let precedence = SourcePrecedence()
        return { turn in
            let read = try fixture.cache.entity(
                named: names[turn % names.count], source: nil, of: fixture.kind,
                precedence: precedence)
            guard case .hit(let answer, _) = read, (answer != nil) == found else {
                throw Failure(description: "a get went wrong")
            }
        }
    }

    private func hit() -> (Int) throws -> Void {
        let names = (0..<1_000).map { Array(fixture.name(scattered($0)).utf8) }
        let reader = HitReader(cache: fixture.cache)
        let source: [UInt8] = []
        return { turn in
            var count = 0
            let name = names[turn % names.count]
            let outcome = reader.find(
                named: name.span, source: source.span, of: fixture.kind
            ) { _, body in count = body.count }
            guard outcome == .found, count > 0 else {
                throw Failure(description: "a hit went wrong")
            }
        }
    }

    private func keptPage() throws -> (Int) throws -> Void {
        let reader = HitReader(cache: fixture.cache)
        let target = Array("/servers?pageSize=100".utf8)
        guard
            case .hit = try fixture.cache.renderedPage(query("pageSize=100"), target: target)
        else { throw Failure(description: "a list is cold") }
        return { _ in
            guard reader.page(forTarget: target.span) != nil else {
                throw Failure(description: "a page was not kept")
            }
        }
    }

    private func query(_ parameters: String) throws -> ListQuery {
        try ListQuery(
            kind: fixture.kind, namespace: .default, parameters: QueryParameters(parameters))
    }

    private func page(_ query: ListQuery) throws -> ListPage {
        guard case .hit(let page, _) = try fixture.cache.list(query) else {
            throw Failure(description: "a list is cold")
        }
        return page
    }

    /// Parsing the parameters is a part of every list.
    private func list(_ parameters: String, matches: Int) throws -> (Int) throws -> Void {
        { _ in
            guard try page(query(parameters)).bodies.count == matches else {
                throw Failure(description: "a list went wrong")
            }
        }
    }

    private func render() throws -> (Int) throws -> Void {
        let page = try page(query("pageSize=100"))
        let convention = fixture.kind.kind.convention
        return { _ in
            guard page.rendered(pageSize: 100, convention: convention).count > 50_000 else {
                throw Failure(description: "a page is too short")
            }
        }
    }

    private func build() -> (Int) throws -> Void {
        let rows = (0..<1_000).map { fixture.row($0) }
        return { _ in _ = CopyBatch(rows, of: fixture.kind) }
    }
}
