import CatalogModel
import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Damaged cache files")
    struct DamageTests {
        private static let kinds: [Kind] = [.agents, .skills]

        @Test("are discarded and rebuilt, never served")
        func damaged() async throws {
            let site = try await Deployment.make()
            let replica = try await site.replica()
            let text = String(repeating: "long ", count: 150)
            for kind in Self.kinds {
                try await replica.upsert(
                    kind,
                    (0..<200).map { ["name": .string("n\($0)"), "description": .string(text)] })
            }
            try await replica.warm(Self.kinds)
            let folder = "\(replica.server.cacheDirectory)/default"
            var discarded = 0
            for damage in try damages(to: folder) {
                try await replica.server.terminate()
                try damage.apply(to: folder)
                try await replica.server.restart()
                try await replica.server.waitUntilReady(within: .seconds(20))
                try await expectRightAnswers(replica, site, after: damage)
                let count = replica.count(of: "cache_discarded")
                if damage.isFatal { #expect(count > 0, "\(damage)") }
                discarded += count > 0 ? 1 : 0
            }
            print("discarded \(discarded) times")
        }

        /// Fixed places in the first pages, and places from the seed.
        private func damages(to folder: String) throws -> [CacheDamage] {
            var random = SeededGenerator(seed: TestSettings.seed)
            let pages = try CacheDamage.pages(of: folder)
            var damages: [CacheDamage] = [
                .inverted(offset: 16, count: 4), .inverted(offset: 4_096 + 40, count: 64),
                .inverted(offset: 0, count: 8_192), .cut(500), .cut(20), .emptied, .withoutLock,
                .junk,
            ]
            for _ in 0..<5 {
                let page = Int.random(in: 2..<max(3, pages), using: &random)
                let offset = Int.random(in: 0..<4_096, using: &random)
                damages.append(.inverted(offset: page * 4_096 + offset, count: 16))
            }
            return damages
        }

        private func expectRightAnswers(
            _ replica: Replica, _ site: Deployment, after damage: CacheDamage
        ) async throws {
            for kind in Self.kinds {
                let stored = try await replica.bypass(kind.whole)
                let first = try await replica.get(kind.whole)
                #expect(first.content == stored.content, "\(damage)")
                try await replica.warm([kind])
                #expect(try await replica.get(kind.whole).content == stored.content, "\(damage)")
            }
            let name = "after-damage"
            try await replica.write(
                "PUT", Kind.agents.entity(name),
                ["name": .string(name), "description": .string("\(damage)")])
            let read = try await replica.get(Kind.agents.entity(name))
            #expect(read.cache == "HIT")
            #expect(try read.json()["description"]?.stringValue == "\(damage)")
            #expect(replica.server.isRunning)
        }

        @Test("of another namespace are not served")
        func foreign() async throws {
            let site = try await Deployment.make(environment: NamespaceTests.environment)
            let replica = try await site.replica()
            for namespace in NamespaceTests.names {
                try await replica.upsert(
                    .agents, [["name": "same", "category": .string(namespace)]], in: namespace)
                try await replica.warm([.agents], in: namespace)
            }
            try await replica.server.terminate()
            let folder = replica.server.cacheDirectory
            let (own, other) = ("\(folder)/alpha/data.mdb", "\(folder)/beta/data.mdb")
            try FileManager.default.removeItem(atPath: own)
            try FileManager.default.copyItem(atPath: other, toPath: own)
            try await replica.server.restart()
            try await replica.server.waitUntilReady()
            for _ in 0..<20 {
                let read = try await replica.get(Kind.agents.entity("same"), in: "alpha")
                #expect(try read.json()["category"]?.stringValue == "alpha")
            }
            try await replica.warm([.agents], in: "alpha")
            let read = try await replica.get(Kind.agents.entity("same"), in: "alpha")
            #expect(read.cache == "HIT")
            #expect(try read.json()["category"]?.stringValue == "alpha")
            #expect(replica.count(of: "cache_discarded") + replica.count(of: "rebuild") == 1)
        }
    }
}
