import CatalogModel
import Foundation
import Invalidation
import Postgres
import ReadPath
import Synchronization
import Telemetry
import TestSupport
import Testing

@Suite("Many replicas on one Postgres", .serialized, .manyTurns)
struct HerdTests {
    private static let count =
        ProcessInfo.processInfo.environment["CATALOG_HERD"].flatMap { Int($0) } ?? 20

    /// What the test's own write has each replica ask: the head, the change in a transaction of five
    /// statements, and a report of the revision that it has then.
    private static let statementsOfAWrite = 7

    /// Statements of all replicas together, looked at ten times a second.
    private final class Meter: Sendable {
        private let samples = Mutex<[Double]>([])
        private let replicas: [Replica]

        init(_ replicas: [Replica]) { self.replicas = replicas }

        /// Measures until cancelled.
        func run() async {
            var last = (at: ContinuousClock.now, count: total)
            while (try? await Task.sleep(for: .milliseconds(100))) != nil {
                let now = (at: ContinuousClock.now, count: total)
                let rate =
                    Double(now.count - last.count) / (last.at.duration(to: now.at) / .seconds(1))
                samples.withLock { $0.append(rate) }
                last = now
            }
        }

        private var total: Int { replicas.map(\.statements).reduce(0, +) }

        /// What was measured since the last call, in statements a second.
        func take() -> [Double] {
            samples.withLock { samples in
                defer { samples = [] }
                return samples
            }
        }

        /// The most within one second.
        static func peak(_ rates: [Double]) -> Double {
            guard rates.count > 10 else { return rates.reduce(0, +) / Double(max(1, rates.count)) }
            return (0...(rates.count - 10)).map { start in
                rates[start..<(start + 10)].reduce(0, +) / 10
            }.max() ?? 0
        }
    }

    @Test("ask no more than three times as much after its restart, and are soon fresh")
    func restart() async throws {
        let cluster = try await PostgresCluster.separate()
        let database = try await FeedDatabase(cluster: cluster)
        try await database.put(1...50)
        var replicas: [Replica] = []
        for number in 0..<Self.count { replicas.append(try database.replica("r\(number)")) }
        for replica in replicas { #expect(await replica.load()) }
        for replica in replicas { #expect(await replica.observations.wait(for: .feedHearing)) }
        let meter = Meter(replicas)
        let measuring = Task { await meter.run() }
        _ = await heard(40, of: replicas[0])
        let steadyRates = meter.take()
        let steady = steadyRates.reduce(0, +) / Double(steadyRates.count)
        #expect(steady > 0)

        // The server commits asynchronously, so a crash could lose the rows.
        try await database.run("CHECKPOINT")
        try await cluster.restart()
        let accepting = ContinuousClock.now
        let writer = try await FeedDatabase.connect(database.dsn)
        try await writer.execute(script: "DELETE FROM entities WHERE name LIKE '%1'")
        for replica in replicas { #expect(await replica.reaches(Revision(2))) }
        let fresh = accepting.duration(to: .now)
        for replica in replicas {
            #expect(await replica.observations.wait(for: .feedHearing, count: 2))
        }
        // The write falls into the busiest second, and is not what the restart costs.
        let peak = Meter.peak(meter.take()) - Double(Self.count * Self.statementsOfAWrite)
        measuring.cancel()
        await measuring.value
        print(
            "\(Self.count) replicas: \(Int(steady)) statements/s, \(Int(peak)) at the most after a "
                + "restart (\((peak / steady * 10).rounded() / 10) times), all fresh after \(fresh)"
        )
        #expect(peak <= 3 * steady)
        for replica in replicas {
            #expect(try replica.state()?.entityCount == 45)
            #expect(replica.feed.copies.load(ordering: .relaxed) == 1)
            #expect(replica.observations.count(.rebuild) == 0)
        }
        await writer.close()
        for replica in replicas { await replica.stop() }
        try await database.close()
        try await cluster.stop()
    }

    /// Waits while a replica asks for the heads so many times more.
    private func heard(_ statements: Int, of replica: Replica) async -> Bool {
        let end = replica.statements + statements
        while replica.statements < end {
            guard (try? await Task.sleep(for: .milliseconds(20))) != nil else { return false }
        }
        return true
    }
}
