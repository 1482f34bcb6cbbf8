import Foundation
import TestSupport
import Testing

extension LiveTests {
    @Suite("The lane under clients that misbehave", .serialized, .timeLimit(.minutes(5)))
    struct LiveLaneTests {
        private static func get(_ path: String, _ fields: String = "") -> String {
            "GET \(path)?namespace=default HTTP/1.1\r\nHost: h\r\n\(fields)\r\n"
        }

        private func residentBytes(_ server: ServerProcess) throws -> Int {
            let text = try String(
                contentsOfFile: "/proc/\(server.processIdentifier)/statm", encoding: .utf8)
            return (Int(text.split(separator: " ")[1]) ?? 0) * 4_096
        }

        @Test("many idle connections cost little and disturb nobody")
        func idle() async throws {
            let isSlow = ProcessInfo.processInfo.environment["CATALOG_SLOW"] == "1"
            let count = isSlow ? 10_000 : 500
            let servers = try await LaneServers.get()
            let target = "\(servers.paths[0])?namespace=default"
            let before = try residentBytes(servers.bytes)
            var connections: [HTTPConnection] = []
            for _ in 0..<count {
                let connection = try await servers.bytes.client.connect()
                #expect(try await connection.get(target).status == 200)
                connections.append(connection)
            }
            #expect(try await servers.bytes.client.get(target).status == 200)
            let grown = try residentBytes(servers.bytes) - before
            #expect(grown < count * 100_000 + 64_000_000, "\(grown / count) bytes a connection")
            // They have not been forgotten.
            for connection in connections.suffix(50) {
                #expect(try await connection.get(target).status == 200)
            }
        }

        @Test("heads that do not end hold nothing up")
        func slowHeads() async throws {
            let servers = try await LaneServers.get()
            let whole = Self.get(servers.paths[0], "X-A: b\r\n")
            let half = Array(whole.utf8.prefix(whole.utf8.count - 4))
            let hanging = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await servers.bytes.client.raw(half, timeout: .milliseconds(500))
                            .received.count
                    }
                }
                for _ in 0..<20 {
                    let answer = try await servers.bytes.client.get(
                        "\(servers.paths[0])?namespace=default")
                    #expect(answer.status == 200)
                }
                return try await group.reduce(0, +)
            }
            #expect(hanging == 0)
        }

        @Test("pipelined requests of all sorts are answered in order, however slowly they are read")
        func pipelined() async throws {
            let servers = try await LaneServers.get()
            let base = try residentBytes(servers.bytes)
            let nobody = "/api/agents_catalog/v1alpha1/agents/nobody"
            var text = ""
            var expected: [String] = []
            for number in 0..<1_200 {
                let isMiss = number % 97 == 5
                text += Self.get(
                    isMiss ? nobody : servers.paths[number % 3], "X-Request-ID: n\(number)\r\n")
                expected.append("n\(number)")
            }
            text += "GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            let stream = Array(text.utf8)
            try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let (received, ended) = try await servers.bytes.client.raw(
                            stream, timeout: .seconds(60))
                        #expect(ended)
                        return received.split(separator: 10).compactMap { line in
                            let text = String(decoding: line, as: UTF8.self)
                            guard text.hasPrefix("X-Request-ID: n") else { return nil }
                            return String(text.dropFirst(14).dropLast())
                        }
                    }
                }
                for try await ids in group { #expect(ids == expected) }
            }
            #expect(try residentBytes(servers.bytes) - base < 256_000_000)
        }

        @Test("connections that are lent again and again leave no descriptor behind")
        func loans() async throws {
            let server = try await LaneServers.get().bytes
            let path = try await LaneServers.get().paths[0]
            func descriptors() throws -> Int {
                try FileManager.default.contentsOfDirectory(
                    atPath: "/proc/\(server.processIdentifier)/fd"
                ).count
            }
            func loans() async throws -> Double {
                try await server.metric("catalog_front_loans_total") ?? 0
            }
            let isSlow = ProcessInfo.processInfo.environment["CATALOG_SLOW"] == "1"
            let rounds = isSlow ? 500 : 50
            let (before, lent) = (try descriptors(), try await loans())
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let connection = try await server.client.connect()
                        for _ in 0..<rounds {
                            #expect(try await connection.get("/livez").status == 200)
                            for _ in 0..<17 {
                                let answer = try await connection.get("\(path)?namespace=default")
                                #expect(answer.status == 200, "\(number)")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await loans() - lent >= Double(20 * rounds))
            let end = ContinuousClock.now + .seconds(10)
            var after = try descriptors()
            while after > before + 5 {
                try #require(ContinuousClock.now < end, "\(after), \(before) before")
                await Task.yield()
                after = try descriptors()
            }
        }

        @Test("clients that go away in the middle leave nothing behind")
        func goneClients() async throws {
            let servers = try await LaneServers.get()
            let stream = Array(
                String(repeating: Self.get(servers.paths[0]), count: 200).utf8)
            for round in 0..<60 {
                _ = try await servers.bytes.client.raw(
                    Array(stream.dropLast(round)), timeout: .seconds(2), enough: 1)
            }
            #expect(servers.bytes.isRunning)
            let answer = try await servers.bytes.client.get("\(servers.paths[0])?namespace=default")
            #expect(answer.status == 200)
            #expect(try await servers.bytes.client.get("/livez").status == 200)
        }
    }
}
