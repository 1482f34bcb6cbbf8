import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("The first contact with a restored store")
    struct FirstContactTests {
        private static let changes = "/api/changes/v1alpha1"

        private func put(_ text: String, _ name: String, by replica: Replica) async throws
            -> HTTPResponse
        {
            try await replica.write(
                "PUT", Kind.agents.entity(name),
                ["name": .string(name), "category": .string(text)])
        }

        private func keep(_ site: Deployment) async throws {
            try await site.sql(
                "DROP TABLE IF EXISTS kept_entities, kept_collections, kept_head; "
                    + RestoreTests.backUp)
        }

        /// As many revisions are lost as the write makes, or more.
        @Test("by a write: no later read shows what is lost", arguments: [1, 3])
        func write(lostRevisions: Int) async throws {
            let site = try await Deployment.make()
            let replica = try await site.replica()
            _ = try await put("kept", "one", by: replica)
            try await replica.warm([.agents])
            var wasBehind = 0
            var round = 0
            // The rounds that count are those in which the cache still had what was lost.
            while wasBehind < 3, round < 60 {
                round += 1
                try await keep(site)
                for number in 0..<lostRevisions {
                    _ = try await put("lost-\(round)-\(number)", "one", by: replica)
                }
                try await site.sql("BEGIN; \(RestoreTests.restore); COMMIT")
                let before = try await replica.get(Kind.agents.whole)
                let written = try await put("new-\(round)", "two", by: replica)
                let after = try await replica.get(Kind.agents.whole)
                #expect(!after.text.contains("lost-\(round)"), "round \(round)")
                #expect(after.text.contains("new-\(round)"))
                #expect(after.revision >= written.revision)
                if before.text.contains("lost-\(round)") { wasBehind += 1 }
                try await replica.warm([.agents])
            }
            #expect(wasBehind == 3, "in \(round) rounds the cache still had what was lost")
        }

        @Test("by a strong read: nobody who follows the changes is told any more what is lost")
        func stream() async throws {
            let site = try await Deployment.make()
            let replica = try await site.replica()
            _ = try await put("kept", "one", by: replica)
            try await replica.warm([.agents])
            let start = try await replica.get("\(Self.changes)?from=0")
            let cursor = try #require(try start.json()["cursor"]?.stringValue)
            try await keep(site)
            for number in 0..<3 { _ = try await put("lost", "lost-\(number)", by: replica) }
            // Whoever follows has the replica keep what is to be lost.
            let told = try await eventually("all that will be lost") {
                let answer = try await replica.get("\(Self.changes)?from=\(cursor)")
                return answer.text.contains("lost-2") ? answer : nil
            }
            try await site.sql("BEGIN; \(RestoreTests.restore); COMMIT")
            let strong = try await replica.client.get(
                Kind.agents.whole, headers: ["X-Catalog-Consistency": "strong"])
            #expect(!strong.text.contains("lost"))
            for number in 0..<5 {
                let answer = try await replica.get("\(Self.changes)?from=\(cursor)")
                #expect(answer.status == 200 && !answer.text.contains("lost"), "\(answer.text)")
                _ = try await put("new", "new-\(number)", by: replica)
            }
            try await eventually("all that is new, and nothing else") {
                let rest = try await replica.get("\(Self.changes)?from=\(cursor)")
                let changes = try rest.json()["changes"]?.arrayValue ?? []
                let names = changes.compactMap { $0["name"]?.stringValue }
                #expect(names == names.indices.map { "new-\($0)" })
                return names.count == 5
            }
            let lost = try #require(try told.json()["cursor"]?.stringValue)
            #expect(try await replica.get("\(Self.changes)?from=\(lost)").status == 409)
        }

        @Test("a poll does not say that nothing follows what the log has not been read up to")
        func bound() async throws {
            let site = try await Deployment.make()
            let replica = try await site.replica()
            _ = try await put("kept", "one", by: replica)
            try await replica.warm([.agents])
            let start = try await replica.get("\(Self.changes)?from=0")
            let cursor = try #require(try start.json()["cursor"]?.stringValue)
            // The cache goes on by the rows, while nobody can read the revisions of the log.
            async let locking = site.sql(
                """
                BEGIN; UPDATE entities SET doc = doc || '{"category": "unseen"}'; COMMIT;
                BEGIN; LOCK TABLE revisions IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(3); COMMIT
                """)
            try await eventually("the write in the cache") {
                try await replica.get(Kind.agents.whole).text.contains("unseen")
            }
            let applied = ContinuousClock.now
            // Long enough for the heads to prove that nothing else is missing.
            var age: Duration = .zero
            while age < .seconds(1) {
                age = applied.duration(to: .now)
                let answer = try await replica.get("\(Self.changes)?from=\(cursor)")
                #expect(answer.status == 200, "\(answer.text)")
                guard try answer.json()["changes"]?.arrayValue?.isEmpty == true else { break }
                let bound = answer.stalenessBound
                #expect(bound == nil || bound ?? .zero >= age, "\(answer.fields)")
            }
            _ = try await locking
            let rest = try await replica.get("\(Self.changes)?from=\(cursor)&wait=5")
            #expect(try rest.json()["changes"]?.arrayValue?.count == 1)
            #expect(rest.stalenessBound != nil)
        }
    }
}
