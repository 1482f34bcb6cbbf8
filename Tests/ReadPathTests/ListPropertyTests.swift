import CatalogModel
import Testing

@testable import ReadPath

@Suite("Lists: cache, rows and a naive oracle agree")
struct ListPropertyTests {
    static let kinds = [Kind.agent, Kind.prompt, Kind.mcp, Kind.model]
    private static let itemsPerKind = 70
    /// CATALOG_SLOW=1 asks for more.
    private static let queriesPerKind = TestSettings.isSlow ? 400 : 40

    private static func harness(
        _ kind: KindTable.Entry, using generator: inout SeededGenerator
    ) throws -> (CacheHarness, [(item: SampleItem, id: Int64)]) {
        let harness = try CacheHarness()
        var items: [(item: SampleItem, id: Int64)] = []
        for number in 0..<itemsPerKind {
            let item = SampleItem.random(kind, number: number, using: &generator)
            items.append((item, harness.store.put(item.key, item.doc).id))
        }
        try harness.load(kind, slice: 20)
        // A part of the content arrives by changes instead of by the copy.
        for index in items.indices where index.isMultiple(of: 5) {
            let old = items[index].item
            let fresh = SampleItem.random(kind, number: index, using: &generator)
            let item = SampleItem(
                kind: kind, name: old.name, source: old.source, fields: fresh.fields,
                custom: fresh.custom, artifacts: fresh.artifacts)
            items[index] = (item, harness.store.put(item.key, item.doc).id)
        }
        #expect(try harness.follow().isEmpty)
        try harness.cache.verify()
        return (harness, items)
    }

    @Test("The same pages, bytes, totals and tokens", arguments: kinds.indices)
    func agreement(_ index: Int) throws {
        let kind = Self.kinds[index]
        var generator = SeededGenerator(state: UInt64(index) + 77)
        let (harness, items) = try Self.harness(kind, using: &generator)
        let rows = harness.store.rows(of: kind)
        let ids = Dictionary(
            uniqueKeysWithValues: rows.map {
                (Self.body(of: $0, kind), $0.id)
            })
        var nonEmpty = 0
        for number in 0..<Self.queriesPerKind {
            let sample = SampleQuery.random(kind, using: &generator)
            let expected = sample.answer(items)
            let label: Comment = "query \(number): \(sample.parameters)"
            let shown = try Self.walk(sample, harness, rows, expected.count, label)
            #expect(shown.compactMap { ids[$0] } == expected, label)
            #expect(shown.count == expected.count, label)
            nonEmpty += expected.isEmpty ? 0 : 1
        }
        // The samples are worth something.
        #expect(nonEmpty > Self.queriesPerKind / 3)
    }

    /// The bodies of up to four pages, or of all of them when there are fewer.
    private static func walk(
        _ sample: SampleQuery, _ harness: CacheHarness, _ rows: [StoredEntity], _ total: Int,
        _ label: Comment
    ) throws -> [[UInt8]] {
        let convention = sample.kind.kind.convention
        var parameters = sample.parameters
        var bodies: [[UInt8]] = []
        var pages = 0
        while true {
            let query = try harness.query(sample.kind, parameters, sources: sample.sources)
            guard case .hit(let page, _) = try harness.cache.list(query) else {
                Issue.record("cold")
                return bodies
            }
            bodies += page.bodies
            if pages == 0 || (pages == 1 && sample.pageSize == 7) {
                var list = RowList(query)
                try list.add(rows)
                let other = list.page()
                #expect(
                    page.rendered(pageSize: query.pageSize, convention: convention)
                        == other.rendered(pageSize: query.pageSize, convention: convention), label)
                if convention.sizeCountsAllMatches { #expect(page.total == total, label) }
            }
            pages += 1
            try #require(pages <= itemsPerKind)
            guard let token = page.nextToken else { return bodies }
            parameters[convention.tokenParameters[0]] = token
        }
    }

    private static func body(of row: StoredEntity, _ kind: KindTable.Entry) -> [UInt8] {
        let view = RecordView(kind: kind)
        guard (try? view.load(CacheRecord.build(row, kind: kind).bytes.span)) != nil else {
            return []
        }
        return Array(view.body)
    }
}
