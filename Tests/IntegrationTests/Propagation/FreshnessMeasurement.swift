import CatalogModel
import Foundation
import Synchronization
import TestSupport
import Testing

extension IntegrationTests {
    /// Run by scripts/measure-freshness; prints how long a commit takes to be seen elsewhere.
    @Suite("Freshness", .enabled(if: TestSettings.measures))
    struct FreshnessMeasurement {
        private static let writes = 500

        @Test("from commit to the first read on the other replica that shows it")
        func measure() async throws {
            let cluster = try await PostgresCluster.separate()
            try await cluster.sql("ALTER SYSTEM SET track_commit_timestamp = on")
            try await cluster.restart()
            let site = try await Deployment.make(
                environment: ["CATALOG_ACCESS_LOG_SAMPLE": "0"], cluster: cluster)
            let (a, b) = try await site.twins()
            try await a.write("POST", Kind.agents.list, ["name": "probe"])
            try await a.warm([.agents])
            try await b.warm([.agents])
            let first = try await site.head() + 1
            let sightings = Sightings()
            let answered = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await watch(b, sightings) }
                let answered = try await write(on: a)
                try await eventually("the last write") {
                    sightings.newest >= first + UInt64(Self.writes) - 1
                }
                group.cancelAll()
                try await group.waitForAll()
                return answered
            }
            let commits = try await commitTimes(site, from: first)
            #expect(commits.count == Self.writes)
            let visible = commits.compactMap { commit in
                sightings.first(from: commit.revision).map { ($0 - commit.time) * 1_000 }
            }
            let own = commits.compactMap { commit in
                answered[commit.revision].map { ($0 - commit.time) * 1_000 }
            }
            #expect(visible.count == Self.writes)
            report("commit → visible on the other replica", visible)
            report("commit → answer of the writing replica", own)
        }

        /// Writes at random moments and notes when each answer came, by revision.
        private func write(on replica: Replica) async throws -> [UInt64: Double] {
            var random = SeededGenerator(seed: TestSettings.seed)
            let connection = try await replica.client.connect()
            var answered: [UInt64: Double] = [:]
            for number in 0..<Self.writes {
                let document: JSONValue = ["name": "probe", "version": .string("\(number)")]
                let answer = try await connection.send(
                    "PUT", Kind.agents.entity("probe"), headers: ["X-User-Role": "operator"],
                    body: document.encoded)
                #expect(answer.status == 200)
                answered[answer.revision] = Date().timeIntervalSince1970
                // Pacing, so that writes do not ride on the hint of the one before.
                let pause = Int.random(in: 5_000..<15_000, using: &random)
                try await Task.sleep(for: .microseconds(pause))
            }
            return answered
        }

        /// Reads without pause and notes when each revision was first seen.
        private func watch(_ replica: Replica, _ sightings: Sightings) async throws {
            let connection = try await replica.client.connect()
            while !Task.isCancelled {
                let answer = try await connection.get(Kind.agents.entity("probe"))
                #expect(answer.cache == "HIT")
                sightings.saw(answer.revision, at: Date().timeIntervalSince1970)
            }
        }

        private func commitTimes(
            _ site: Deployment, from first: UInt64
        ) async throws -> [(revision: UInt64, time: Double)] {
            let text = try await site.sql(
                "SELECT revision || ' ' || extract(epoch FROM pg_xact_commit_timestamp(xid::xid)) "
                    + "FROM revisions WHERE revision >= \(first) ORDER BY revision")
            return text.split(separator: "\n").compactMap { line in
                let parts = line.split(separator: " ")
                guard parts.count == 2, let revision = UInt64(parts[0]), let time = Double(parts[1])
                else { return nil }
                return (revision, time)
            }
        }

        private func report(_ title: String, _ milliseconds: [Double]) {
            let sorted = milliseconds.sorted()
            guard let last = sorted.last else { return }
            func at(_ fraction: Double) -> String {
                String(format: "%.2f", sorted[Int(Double(sorted.count - 1) * fraction)])
            }
            print(
                "\(title), ms over \(sorted.count) writes: p50 \(at(0.5))  p90 \(at(0.9))  "
                    + "p99 \(at(0.99))  max \(String(format: "%.2f", last))")
        }
    }
}

/// When a watcher first saw a revision or a newer one.
private final class Sightings: Sendable {
    private let seen = Mutex<[(revision: UInt64, time: Double)]>([])

    var newest: UInt64 { seen.withLock { $0.last?.revision ?? 0 } }

    func saw(_ revision: UInt64, at time: Double) {
        seen.withLock { seen in
            if (seen.last?.revision ?? 0) < revision { seen.append((revision, time)) }
        }
    }

    func first(from revision: UInt64) -> Double? {
        seen.withLock { seen in seen.first { $0.revision >= revision }?.time }
    }
}
