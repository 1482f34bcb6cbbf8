import CatalogModel
import Invalidation
import Synchronization
import Testing

@Suite("Heads read from the primary")
struct PrimaryHeadsTests {
    /// A store whose first query takes until it is let go.
    private final class Store: Sendable {
        private let queries = Mutex<[[Namespace]]>([])
        private let begun = AsyncStream<Void>.makeStream()
        private let gate = AsyncStream<Void>.makeStream()

        var asked: [[Namespace]] { queries.withLock { $0 } }

        func answer(_ namespaces: [Namespace]) async -> PrimaryHeads.Answer {
            let number = queries.withLock { queries in
                queries.append(namespaces)
                return queries.count
            }
            if number == 1 {
                begun.continuation.finish()
                for await _ in gate.stream {}
            }
            let heads = namespaces.map {
                NamespaceHead(
                    namespace: $0, epoch: Epoch("e"), revision: Revision(UInt64(number)), digest: 0)
            }
            return PrimaryHeads.Answer(heads: heads, isInRecovery: number == 1)
        }

        func firstHasBegun() async { for await _ in begun.stream {} }

        func letGo() { gate.continuation.finish() }
    }

    @Test("requests join the next query, never one that has been sent")
    func joinsTheNext() async throws {
        let store = Store()
        let heads = PrimaryHeads { await store.answer($0) }
        let other = try Namespace("other")
        let callers = 20
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await heads.run() }
            group.addTask {
                let proof = try await heads.head(of: .default)
                #expect(proof.head?.revision == Revision(1))
                #expect(proof.isInRecovery)
            }
            await store.firstHasBegun()
            let started = AsyncStream<Void>.makeStream()
            for number in 0..<callers {
                group.addTask {
                    let arrived = ContinuousClock.now
                    started.continuation.yield()
                    let proof = try await heads.head(of: number < 10 ? .default : other)
                    // The answer to the query under way would say 1.
                    #expect(proof.head?.revision ?? .zero >= Revision(2))
                    #expect(proof.asOf >= arrived)
                    #expect(!proof.isInRecovery)
                }
            }
            var starting = started.stream.makeAsyncIterator()
            for _ in 0..<callers { await starting.next() }
            store.letGo()
            for _ in 0...callers { try await group.next() }
            heads.stop()
            try await group.waitForAll()
        }
        // A few may have asked only while the second query was under way.
        #expect(store.asked.count <= 5)
        #expect(store.asked.first == [.default])
        #expect(store.asked.dropFirst().contains([.default, other]))
    }

    @Test("failures reach everyone who waits, and nobody waits after the end")
    func failures() async throws {
        let heads = PrimaryHeads { _ throws(FeedError) in
            throw FeedError(.storeUnavailable, "away")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await heads.run() }
            for _ in 0..<3 {
                await #expect(throws: FeedError(.storeUnavailable, "")) {
                    try await heads.head(of: .default)
                }
            }
            heads.stop()
            try await group.waitForAll()
        }
        await #expect(throws: FeedError(.stopped, "")) { try await heads.head(of: .default) }
    }
}
