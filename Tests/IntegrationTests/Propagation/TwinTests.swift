import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Two replicas over one database")
    struct TwinTests {
        private static let files = [
            "sources.yaml": """
            apiVersion: catalog/v1alpha1
            kind: CatalogSources
            catalogs:
              agents:
                sources:
                  - {id: local, name: Local, type: yaml, properties: {yamlCatalogPath: agents.yaml}}

            """,
            "agents.yaml": "agents:\n  - {name: from-file, category: first}\n",
        ]

        @Test("every kind of write on one replica is seen on the other")
        func writes() async throws {
            let site = try await Deployment.make(files: Self.files)
            let (a, b) = try await site.twins()
            try await a.warm([.agents])
            try await b.warm([.agents])
            let path = Kind.agents.entity("one")

            let created = try await a.write(
                "POST", Kind.agents.list, ["name": "one", "category": "created"])
            try await expectOnTwin("one", holds: "created", after: created, a, b)
            let replaced = try await a.write("PUT", path, ["name": "one", "category": "replaced"])
            try await expectOnTwin("one", holds: "replaced", after: replaced, a, b)
            let patched = try await a.write("PATCH", path, ["category": "patched"])
            try await expectOnTwin("one", holds: "patched", after: patched, a, b)
            let upserted = try await a.upsert(
                .agents, ["one", "two", "three"].map { ["name": .string($0), "category": "bulk"] })
            try await expectOnTwin("one", holds: "bulk", after: upserted, a, b)
            try await expectOnTwin("three", holds: "bulk", after: upserted, a, b)
            #expect(try await b.names(of: .agents) == ["from-file", "one", "three", "two"])

            let deleted = try await a.write("DELETE", path)
            try await b.reach(deleted.revision)
            let gone = try await b.get(path)
            #expect(gone.status == 404)
            #expect(gone.cache == "HIT")
            #expect(try await b.names(of: .agents) == ["from-file", "three", "two"])

            try site.write(
                "agents:\n  - {name: from-file, category: second}\n  - {name: new-in-file}\n",
                to: "agents.yaml")
            #expect(try await a.refresh(.agents)["state"]?.stringValue == "succeeded")
            let head = try await site.head()
            try await a.reach(head)
            try await b.reach(head)
            #expect(try await b.names(of: .agents) == ["from-file", "new-in-file", "three", "two"])
            try await expectSameContent(a, b, [.agents])
        }

        @Test("many writers at once each find their own writes")
        func concurrentWrites() async throws {
            let site = try await Deployment.make()
            let replica = try await site.replica()
            try await replica.write("POST", Kind.agents.list, ["name": "first"])
            try await replica.warm([.agents])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<6 {
                    group.addTask {
                        for round in 0..<15 {
                            let name = "w\(writer)-\(round % 4)"
                            let path = Kind.agents.entity(name)
                            let category = "round-\(round)"
                            let written = try await replica.write(
                                "PUT", path,
                                ["name": .string(name), "category": .string(category)])
                            let read = try await replica.get(path)
                            #expect(read.cache == "HIT")
                            #expect(read.revision >= written.revision)
                            #expect(read.content.body == written.content.body)
                            #expect(read.tag == written.tag)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let names = try await replica.names(of: .agents)
            #expect(names.count == 1 + 6 * 4)
        }

        /// Expects both replicas to serve the same entity from their caches.
        private func expectOnTwin(
            _ name: String, holds category: String, after write: HTTPResponse, _ a: Replica,
            _ b: Replica, _ location: SourceLocation = #_sourceLocation
        ) async throws {
            try await b.reach(write.revision)
            let there = try await b.get(Kind.agents.entity(name))
            #expect(there.cache == "HIT", sourceLocation: location)
            #expect(
                try there.json()["category"]?.stringValue == category, sourceLocation: location)
            let here = try await a.get(Kind.agents.entity(name))
            #expect(here.cache == "HIT", sourceLocation: location)
            #expect(here.content == there.content, sourceLocation: location)
            try await expectSameContent(a, b, [.agents], location)
        }

        @Test("the writing replica shows each write to the very next read")
        func ownWrites() async throws {
            let site = try await Deployment.make()
            let (a, b) = try await site.twins()
            _ = try await a.write("POST", Kind.agents.list, ["name": "first"])
            try await a.warm([.agents])
            try await b.warm([.agents])
            var random = SeededGenerator(seed: TestSettings.seed)
            var expected: [String: String] = ["first": ""]
            for round in 0..<100 {
                let replica = Bool.random(using: &random) ? a : b
                let name = "agent-\(Int.random(in: 0..<12, using: &random))"
                let path = Kind.agents.entity(name)
                if expected[name] != nil, Int.random(in: 0..<3, using: &random) == 0 {
                    // The other replica may have written it: the store decides, not this cache.
                    _ = try await replica.write("DELETE", path)
                    expected[name] = nil
                } else {
                    let category = "round-\(round)"
                    _ = try await replica.write(
                        "PUT", path, ["name": .string(name), "category": .string(category)])
                    expected[name] = category
                }
                let read = try await replica.get(path)
                #expect(read.cache == "HIT")
                #expect(try read.json()["category"]?.stringValue == expected[name])
                let list = try await replica.get(Kind.agents.whole)
                #expect(list.cache == "HIT")
                #expect(try list.names() == expected.keys.sorted())
            }
        }
    }
}
