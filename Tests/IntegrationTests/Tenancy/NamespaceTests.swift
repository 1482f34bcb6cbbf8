import CatalogModel
import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Namespaces")
    struct NamespaceTests {
        static let names = ["alpha", "beta"]
        static let environment = [
            "CATALOG_TENANCY_MODE": "namespace", "CATALOG_NAMESPACES": "alpha,beta",
        ]

        @Test("never show each other's content, and have a folder each")
        func separate() async throws {
            let site = try await Deployment.make(environment: Self.environment)
            let (a, b) = try await site.twins()
            for namespace in Self.names {
                try await a.upsert(
                    .agents, (0..<30).map { Self.document("n\($0)", namespace, 0) }, in: namespace)
                for replica in [a, b] { try await replica.warm([.agents], in: namespace) }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, namespace) in Self.names.enumerated() {
                    let seed = TestSettings.seed &+ UInt64(number)
                    group.addTask { try await write(40, in: namespace, on: a, seed: seed) }
                    group.addTask { try await read(120, in: namespace, on: a, seed: seed &+ 10) }
                    group.addTask { try await read(120, in: namespace, on: b, seed: seed &+ 20) }
                }
                try await group.waitForAll()
            }
            for namespace in Self.names {
                let head = try await site.head(of: namespace)
                for replica in [a, b] { try await replica.reach(head, in: namespace) }
                try await expectSameContent(a, b, [.agents], in: namespace)
                for replica in [a, b] {
                    let file = "\(replica.server.cacheDirectory)/\(namespace)/data.mdb"
                    #expect(FileManager.default.fileExists(atPath: file))
                }
            }
            let missing = try await a.get(Kind.agents.list)
            #expect(missing.status == 400)
        }

        @Test("that start over under another epoch are followed")
        func startOver() async throws {
            let site = try await Deployment.make(environment: Self.environment)
            let (a, b) = try await site.twins()
            for namespace in Self.names {
                try await a.upsert(.agents, [Self.document("old", namespace, 1)], in: namespace)
                for replica in [a, b] { try await replica.warm([.agents], in: namespace) }
            }
            try await site.sql(
                """
                BEGIN;
                DELETE FROM entities WHERE namespace = 'alpha';
                DELETE FROM revision_changes WHERE namespace = 'alpha';
                DELETE FROM revisions WHERE namespace = 'alpha';
                DELETE FROM collections WHERE namespace = 'alpha';
                DELETE FROM namespaces WHERE name = 'alpha';
                COMMIT;
                """)
            // The same revision number as before, with other content.
            try await a.upsert(.agents, [Self.document("new", "alpha", 1)], in: "alpha")
            for replica in [a, b] {
                try await eventually("the new content") {
                    let list = try await replica.get(Kind.agents.whole, in: "alpha")
                    return try list.cache == "HIT" && list.names() == ["new"]
                }
                #expect(replica.count(of: "rebuild") + replica.count(of: "cache_discarded") <= 1)
            }
            // A poll that began before the namespace was back may say once more that it is gone.
            for replica in [a, b] { try await replica.warm([.agents], in: "alpha") }
            try await expectSameContent(a, b, [.agents], in: "alpha")
            try await expectSameContent(a, b, [.agents], in: "beta")
        }

        private static func document(_ name: String, _ owner: String, _ round: Int) -> JSONValue {
            ["name": .string(name), "author": .string(owner), "version": .string("\(round)")]
        }

        private func write(
            _ count: Int, in namespace: String, on replica: Replica, seed: UInt64
        ) async throws {
            var random = SeededGenerator(seed: seed)
            for round in 1...count {
                let name = "n\(Int.random(in: 0..<30, using: &random))"
                let document = Self.document(name, namespace, round)
                try await replica.write("PUT", Kind.agents.entity(name), document, in: namespace)
            }
        }

        private func read(
            _ count: Int, in namespace: String, on replica: Replica, seed: UInt64
        ) async throws {
            var random = SeededGenerator(seed: seed)
            for _ in 0..<count {
                if Int.random(in: 0..<4, using: &random) == 0 {
                    let list = try await replica.get(Kind.agents.whole, in: namespace).json()
                    let owners = (list["items"]?.arrayValue ?? []).map { $0["author"]?.stringValue }
                    #expect(owners.count == 30)
                    #expect(Set(owners) == [namespace])
                } else {
                    let name = "n\(Int.random(in: 0..<30, using: &random))"
                    let entity = try await replica.get(Kind.agents.entity(name), in: namespace)
                    #expect(try entity.json()["author"]?.stringValue == namespace)
                }
            }
        }
    }
}
