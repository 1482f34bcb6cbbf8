import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("20,000 entities in one namespace")
    struct LargeNamespaceTests {
        private static let total = 20_000
        private static let categories = 40

        @Test("are listed by filters from the cache and stay right under writes")
        func filters() async throws {
            let site = try await Deployment.make()
            let (a, b) = try await site.twins()
            let began = ContinuousClock.now
            for start in stride(from: 0, to: Self.total, by: 1_000) {
                try await a.upsert(.agents, (start..<(start + 1_000)).map(Self.document))
            }
            print("written in \(began.duration(to: .now))")
            for replica in [a, b] {
                try await load(on: replica)
            }
            print("loaded in \(began.duration(to: .now))")
            let head = try await site.head()
            for replica in [a, b] {
                try await replica.reach(head)
                try await expectMatches(replica, category: 7, extra: [])
            }

            // One comes, one goes, one changes its place.
            try await b.write(
                "PATCH", Kind.agents.entity(Self.name(8)),
                ["category": "c7", "instructions": "topic 7."])
            try await b.write("DELETE", Kind.agents.entity(Self.name(7)))
            let last = try await b.write(
                "PUT", Kind.agents.entity("new"),
                ["name": "new", "category": "c7", "instructions": "topic 7."])
            try await a.reach(last.revision)
            for replica in [a, b] {
                try await expectMatches(
                    replica, category: 7, extra: ["new", Self.name(8)], without: [Self.name(7)])
                let whole = try await replica.get("\(Kind.agents.list)?pageSize=1")
                #expect(try whole.json()["size"]?.intValue == Int64(Self.total))
            }
        }

        /// The same matches by a field that has an index and by one that has none, ready for a URL.
        private static func filters(_ category: Int) -> [String] {
            [
                "category%3D%27c\(category)%27",
                "instructions%20LIKE%20%27%25topic%20\(category).%25%27",
            ]
        }

        /// Waits until the collection is in the cache.
        ///
        /// Asks for one entity: a list that is not there yet reads all rows from Postgres each time.
        private func load(on replica: Replica) async throws {
            try await eventually(within: .seconds(60), "20,000 entities in the cache") {
                try await replica.get(Kind.agents.entity(Self.name(0))).cache == "HIT"
            }
        }

        private static func name(_ number: Int) -> String { "agent-\(100_000 + number)" }

        private static func document(_ number: Int) -> JSONValue {
            let group = number % categories
            return [
                "name": .string(name(number)), "category": .string("c\(group)"),
                "version": "1.0", "instructions": .string("topic \(group)."),
            ]
        }

        /// Expects the same entities by a field that has an index and by one that has none.
        private func expectMatches(
            _ replica: Replica, category: Int, extra: [String], without: Set<String> = []
        ) async throws {
            let wanted =
                stride(from: category, to: Self.total, by: Self.categories)
                .map(Self.name) + extra
            let expected = wanted.filter { !without.contains($0) }.sorted()
            for filter in Self.filters(category) {
                let began = ContinuousClock.now
                let list = try await replica.get("\(Kind.agents.whole)&filterQuery=\(filter)")
                print("\(filter): \(began.duration(to: .now))")
                #expect(list.cache == "HIT", "\(list.text.prefix(200))")
                #expect(try list.names() == expected)
                #expect(try list.json()["size"]?.intValue == Int64(expected.count))
            }
        }
    }
}
