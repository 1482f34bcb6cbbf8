import CatalogModel
import Foundation
import Synchronization
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Consistency that a client asks for, with two replicas")
    struct ConsistencyTests {
        private static let path = Kind.agents.entity("register")

        /// Two replicas of one new database that have the agents in their caches.
        private func twins(
            _ environment: [String: String] = [:]
        ) async throws -> (Deployment, Replica, Replica) {
            let site = try await Deployment.make(environment: environment)
            let (a, b) = try await site.twins()
            try await a.write("PUT", Self.path, Self.register(0))
            for replica in [a, b] { try await replica.warm([.agents]) }
            return (site, a, b)
        }

        private static func register(_ value: Int) -> JSONValue {
            ["name": "register", "category": .string(String(value))]
        }

        @Test("a write is read on the other replica by its revision, at once")
        func readYourWrites() async throws {
            let (_, a, b) = try await twins()
            var random = SeededGenerator(seed: TestSettings.seed)
            var expected: [String: String] = ["register": "0"]
            var outcomes: [String: Int] = [:]
            for round in 0..<100 {
                let (writer, reader) = Bool.random(using: &random) ? (a, b) : (b, a)
                let name = "agent-\(Int.random(in: 0..<8, using: &random))"
                let path = Kind.agents.entity(name)
                let written: HTTPResponse
                if expected[name] != nil, Int.random(in: 0..<3, using: &random) == 0 {
                    written = try await writer.write("DELETE", path)
                    expected[name] = nil
                } else {
                    let category = "round-\(round)"
                    written = try await writer.write(
                        "PUT", path, ["name": .string(name), "category": .string(category)])
                    expected[name] = category
                }
                let token = [
                    "X-Catalog-Min-Revision": String(written.revision),
                    "X-Catalog-Epoch": written.header("X-Catalog-Epoch") ?? "",
                ]
                let read = try await reader.client.get(path, headers: token)
                #expect(read.status == (expected[name] == nil ? 404 : 200))
                #expect(read.revision >= written.revision)
                #expect(try read.json()["category"]?.stringValue == expected[name])
                outcomes[read.cache, default: 0] += 1
                // A tag that the reader has not seen asks for its revision as well.
                if !written.tag.isEmpty, expected[name] != nil {
                    let known = try await reader.client.get(
                        path, headers: ["If-None-Match": written.tag])
                    #expect(known.status == 304)
                }
                let list = try await reader.client.get(Kind.agents.whole, headers: token)
                #expect(try list.names() == expected.keys.sorted())
            }
            print("read your writes: \(outcomes)")
        }

        @Test("strong reads form a linearizable register")
        func strongRegister() async throws {
            let (_, a, b) = try await twins()
            let history = History()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for value in 1...70 {
                        let began = ContinuousClock.now
                        try await (value % 3 == 0 ? b : a).write(
                            "PUT", Self.path, Self.register(value))
                        history.add(Operation(value, began, isWrite: true))
                    }
                    history.endWriting()
                }
                for reader in 0..<3 {
                    group.addTask {
                        var round = 0
                        while history.isWriting || round < 50 {
                            round += 1
                            let began = ContinuousClock.now
                            let value = try await Self.strongValue(
                                (reader + round) % 2 == 0 ? a : b)
                            history.add(Operation(value, began, isWrite: false))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let operations = history.operations
            #expect(operations.count >= 200)
            #expect(Operation.violations(of: operations).isEmpty)
            print("linearizable register: \(operations.count) operations")
        }

        private static func strongValue(_ replica: Replica) async throws -> Int {
            let answer = try await replica.client.get(
                path, headers: ["X-Catalog-Consistency": "strong"])
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.cache == "MISS")
            return try #require(try answer.json()["category"]?.stringValue.flatMap { Int($0) })
        }

        @Test("a replica that is paused or deaf keeps its bounds honest")
        func pausedReplica() async throws {
            let (site, a, b) = try await twins()
            // Every acknowledged write: its revision and when its writer knew.
            var acknowledged: [(revision: UInt64, at: ContinuousClock.Instant)] = []
            var random = SeededGenerator(seed: TestSettings.seed)
            var checked = 0
            var deaf: [Int32] = []
            defer { for listener in deaf { kill(listener, SIGCONT) } }
            for round in 0..<60 {
                // For some rounds the backends that notify do not run at all.
                if round % 10 == 5 { deaf = try await listeners(of: site) }
                for listener in deaf { kill(listener, round % 10 == 9 ? SIGCONT : SIGSTOP) }
                let disturbance = Int.random(in: 0..<4, using: &random)
                if disturbance == 0 {
                    try await site.sql(
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                            + "datname = current_database() AND pid <> pg_backend_pid()")
                }
                if disturbance <= 2 { b.server.pause() }
                for number in 0..<3 {
                    let answer = try await a.send(
                        "PUT", Self.path, Self.register(10 * round + number))
                    // A terminated connection may cost a write; what counts is what was acknowledged.
                    if answer.status == 200 {
                        acknowledged.append((answer.revision, .now))
                    }
                }
                let asked = ContinuousClock.now
                async let reading = b.get(Self.path)
                if disturbance <= 2 { b.server.resume() }
                let read = try await reading
                let bound = try #require(read.stalenessBound)
                for write in acknowledged where write.revision > read.revision {
                    #expect(bound >= write.at.duration(to: asked), "round \(round)")
                    checked += 1
                }
            }
            #expect(checked > 0)
            print("honest bounds: \(checked) missing writes were within their bounds")
        }

        /// The processes of Postgres behind the connections that listen.
        private func listeners(of site: Deployment) async throws -> [Int32] {
            try await eventually("both replicas listen") {
                let pids = try await site.sql(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
                        + "AND query LIKE 'LISTEN%' AND state = 'idle'"
                ).split(separator: "\n").compactMap { Int32($0) }
                return pids.count == 2 ? pids : nil
            }
        }
    }
}

/// What several tasks did to one register.
private final class History: Sendable {
    private let state = Mutex<(operations: [Operation], isWriting: Bool)>(([], true))

    var operations: [Operation] { state.withLock { $0.operations } }
    var isWriting: Bool { state.withLock { $0.isWriting } }

    func add(_ operation: Operation) { state.withLock { $0.operations.append(operation) } }

    func endWriting() { state.withLock { $0.isWriting = false } }
}

/// One operation on a register whose writer counts up.
private struct Operation: Sendable {
    let value: Int
    let began: ContinuousClock.Instant
    let ended = ContinuousClock.now
    let isWrite: Bool

    init(_ value: Int, _ began: ContinuousClock.Instant, isWrite: Bool) {
        self.value = value
        self.began = began
        self.isWrite = isWrite
    }

    /// What no order of the operations explains that respects real time.
    ///
    /// One writer writes 1, 2, 3 …, so it is enough that no read sees less than what an operation
    /// had seen or written that ended before it began, nor a write that had not begun.
    static func violations(of history: [Operation]) -> [String] {
        let writes = history.filter(\.isWrite)
        return history.filter { !$0.isWrite }.flatMap { read in
            var found: [String] = []
            if let earlier = history.first(where: {
                $0.ended < read.began && $0.value > read.value
            }) {
                found.append("\(read.value) was read after \(earlier.value)")
            }
            if let write = writes.first(where: { $0.value == read.value }), write.began > read.ended
            {
                found.append("\(read.value) was read before it was written")
            }
            return found
        }
    }
}
