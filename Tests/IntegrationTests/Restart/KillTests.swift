import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("A killed replica")
    struct KillTests {
        private static let kinds: [Kind] = [.agents, .skills]

        @Test("starts warm from its files, catches up and equals its twin")
        func killed() async throws {
            let site = try await Deployment.make()
            let (a, b) = try await site.twins()
            var random = SeededGenerator(seed: TestSettings.seed)
            for kind in Self.kinds {
                try await a.upsert(kind, (0..<300).map { Self.document("base-\($0)", "base") })
            }
            try await a.warm(Self.kinds)
            try await b.warm(Self.kinds)
            try await eventually("the log of the loads") {
                a.count(of: "collection_loaded") == Self.kinds.count
            }
            for round in 0..<TestSettings.killRounds {
                let count = Int.random(in: 5..<40, using: &random)
                try await killUnderWrites(a, after: count, b, round)
                // Written while nobody applies them on the killed replica.
                for number in 0..<10 {
                    try await b.write(
                        "PUT", Kind.skills.entity("missed-\(number)"),
                        Self.document("missed-\(number)", "round \(round)"))
                }
                let began = ContinuousClock.now
                try await a.server.restart()
                try await a.server.waitUntilReady(within: .seconds(10))
                print("round \(round): ready again after \(began.duration(to: .now))")

                for kind in Self.kinds {
                    #expect(try await a.get(kind.whole).cache == "HIT")
                }
                let head = try await site.head()
                try await a.reach(head)
                try await b.reach(head)
                try await expectSameContent(a, b, Self.kinds)
                for event in ["collection_loaded", "cache_discarded", "rebuild"] {
                    #expect(a.count(of: event) == 0, "\(event)")
                }
            }
        }

        @Test("while it loads a collection begins again and ends right")
        func killedWhileLoading() async throws {
            let site = try await Deployment.make()
            let replica = try await site.replica()
            for start in [0, 1_000] {
                try await replica.upsert(
                    .agents, (start..<(start + 1_000)).map { Self.document("n\($0)", "large") })
            }
            for _ in 0..<3 {
                // The first read misses and asks for the load that the kill interrupts.
                _ = try await replica.get("\(Kind.agents.list)?pageSize=1")
                try await replica.server.kill()
                try await replica.server.restart()
                try await replica.server.waitUntilReady(within: .seconds(10))
                let names = try await replica.get("\(Kind.agents.list)?pageSize=1")
                #expect(try names.json()["size"]?.intValue == 2_000)
            }
            try await replica.warm([.agents])
            let list = try await replica.get(Kind.agents.whole)
            #expect(list.content == (try await replica.bypass(Kind.agents.whole)).content)
        }

        private static func document(_ name: String, _ description: String) -> JSONValue {
            ["name": .string(name), "description": .string(description)]
        }

        /// Kills the replica between two writes that it acknowledged, or within one.
        private func killUnderWrites(
            _ victim: Replica, after count: Int, _ other: Replica, _ round: Int
        ) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                let (progress, counter) = AsyncStream<Void>.makeStream()
                group.addTask {
                    defer { counter.finish() }
                    // Ends with the first write that the dying server does not answer.
                    for number in 0... {
                        let name = "w\(number % 50)"
                        let document = Self.document(name, "\(round).\(number)")
                        let sent = try? await victim.send("PUT", Kind.agents.entity(name), document)
                        guard sent != nil else { return }
                        counter.yield()
                    }
                }
                group.addTask {
                    for number in 0..<20 {
                        let name = "x\(number)"
                        try await other.write(
                            "PUT", Kind.skills.entity(name), Self.document(name, "round \(round)"))
                    }
                }
                var acknowledged = 0
                for await _ in progress {
                    acknowledged += 1
                    if acknowledged == count { break }
                }
                try await victim.server.kill()
                try await group.waitForAll()
            }
        }
    }
}
