import CatalogModel
import Synchronization
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("The staleness bound")
    struct StalenessBoundTests {
        private static let pauses = 3

        @Test("is never below the true age, even of a replica that stood still")
        func honest() async throws {
            let site = try await Deployment.make(
                environment: ["CATALOG_STALENESS_LIMIT_MS": "200"])
            let (a, b) = try await site.twins()
            try await a.write("POST", Kind.agents.list, ["name": "probe"])
            try await a.warm([.agents])
            try await b.warm([.agents])
            let journal = Journal()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await write(on: a, journal) }
                group.addTask { try await read(on: b, journal) }
                for _ in 0..<Self.pauses {
                    try await journal.grow(by: 30)
                    b.server.pause()
                    // Long enough in writes that its content is old when it goes on.
                    try await journal.grow(by: 100)
                    b.server.resume()
                }
                try await journal.grow(by: 30)
                group.cancelAll()
                try await group.waitForAll()
            }
            try await b.reach(journal.newest)
            try await expectSameContent(a, b, [.agents])
            #expect(b.count(of: "rebuild") == 0)
        }

        /// Writes without pause and notes when each write was acknowledged.
        private func write(on replica: Replica, _ journal: Journal) async throws {
            for number in 0... {
                if Task.isCancelled { return }
                let answer = try await replica.write(
                    "PUT", Kind.agents.entity("probe"),
                    ["name": "probe", "version": .string("\(number)")])
                journal.acknowledged(answer.revision)
            }
        }

        /// Reads without pause: what an answer lacks is younger than its bound.
        private func read(on replica: Replica, _ journal: Journal) async throws {
            let connection = try await replica.client.connect()
            while !Task.isCancelled {
                let asked = ContinuousClock.now
                let answer = try await connection.get(Kind.agents.entity("probe"))
                #expect(["HIT", "STALE"].contains(answer.cache))
                guard let missed = journal.first(after: answer.revision), missed < asked else {
                    continue
                }
                let bound = try #require(answer.stalenessBound)
                #expect(bound >= missed.duration(to: asked))
            }
        }
    }
}

/// The acknowledged writes with their times, in the order of their revisions.
private final class Journal: Sendable {
    private struct Entry {
        let revision: UInt64
        let time: ContinuousClock.Instant
    }

    private let entries = Mutex<[Entry]>([])

    var newest: UInt64 { entries.withLock { $0.last?.revision ?? 0 } }
    private var count: Int { entries.withLock { $0.count } }

    func acknowledged(_ revision: UInt64) {
        entries.withLock { $0.append(Entry(revision: revision, time: .now)) }
    }

    /// When the first write that is newer than the revision was acknowledged.
    func first(after revision: UInt64) -> ContinuousClock.Instant? {
        entries.withLock { entries in entries.first { $0.revision > revision }?.time }
    }

    /// Waits for some more writes.
    func grow(by number: Int) async throws {
        let wanted = count + number
        try await eventually("\(number) more writes") { count >= wanted }
    }
}
