import CatalogModel
import Foundation
import Synchronization
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("A server on the embedded store")
    struct EmbeddedServerTests {
        private static let agents = "/api/agents_catalog/v1alpha1/agents"

        /// What clients were told is written, with the revision.
        private final class Tally: Sendable {
            let acknowledged = Mutex<[String: Int64]>([:])
        }

        private func server(_ path: String) async throws -> ServerProcess {
            try await ServerProcess.ready(.init(environment: ["CATALOG_DATABASE_FILE": path]))
        }

        @Test("kill -9 while clients write loses no acknowledged write, and the chain holds")
        func killed() async throws {
            let server = try await server(try StoreUnderTest.makeFile())
            let rounds = ProcessInfo.processInfo.environment["CATALOG_SLOW"] == "1" ? 12 : 3
            let tally = Tally()
            for round in 0..<rounds {
                let client = server.client
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for writer in 0..<6 {
                        group.addTask {
                            for number in 0..<10_000 {
                                let name = "r\(round)-w\(writer)-\(number)"
                                guard
                                    let answer = try? await client.send(
                                        "POST", Self.agents, headers: ["X-User-Role": "operator"],
                                        body: JSONValue.object(["name": .string(name)]).encoded),
                                    answer.status == 201
                                else { return }
                                let revision = answer.header("X-Catalog-Revision").flatMap(
                                    Int64.init)
                                tally.acknowledged.withLock { $0[name] = revision ?? 0 }
                            }
                        }
                    }
                    group.addTask {
                        // In the middle of whatever the writers do then.
                        let enough = (round + 1) * 40 + round * 7
                        while tally.acknowledged.withLock({ $0.count }) < enough, server.isRunning {
                            try await Task.sleep(for: .milliseconds(1))
                        }
                        try await server.kill()
                    }
                    try await group.waitForAll()
                }
                try await server.restart()
                try await server.waitUntilReady()
                let written = tally.acknowledged.withLock { $0 }
                for (name, revision) in written {
                    let answer = try await server.client.get(
                        "\(Self.agents)/\(name)",
                        headers: ["X-Catalog-Min-Revision": String(revision)])
                    #expect(answer.status == 200, "\(name) of revision \(revision): \(answer.text)")
                }
                let verdict = try await server.client.send(
                    "GET", "/api/audit/v1alpha1/verify", headers: ["X-User-Role": "operator"])
                #expect(try verdict.json()["valid"]?.boolValue == true, "\(verdict.text)")
            }
            #expect(try await server.terminate() == 0)
        }

        @Test("a second server on the same file is refused, and takes over once the first has gone")
        func second() async throws {
            let path = try StoreUnderTest.makeFile()
            let first = try await server(path)
            let refused = try await ServerProcess.launch(
                .init(environment: ["CATALOG_DATABASE_FILE": path]))
            #expect(try await refused.waitForExit() > 0)
            #expect(await refused.completeLog().contains("is in use by another process"))
            #expect(try await first.client.get("/readyz").status == 200)
            let created = try await first.client.send(
                "POST", Self.agents, headers: ["X-User-Role": "operator"],
                body: Array(#"{"name":"kept"}"#.utf8))
            #expect(created.status == 201)
            try await first.kill()
            let third = try await server(path)
            #expect(try await third.client.get("\(Self.agents)/kept").status == 200)
            #expect(try await third.terminate() == 0)
        }

        @Test("an older copy of the file in its place is another history")
        func olderCopy() async throws {
            let path = try StoreUnderTest.makeFile()
            let server = try await server(path)
            _ = try await server.terminate()
            let files = ["", "-wal"].map { URL(fileURLWithPath: path + $0) }
            let copies = files.map { try? Data(contentsOf: $0) }
            try await server.restart()
            try await server.waitUntilReady()
            let lost = try await server.client.send(
                "POST", Self.agents, headers: ["X-User-Role": "operator"],
                body: Array(#"{"name":"lost"}"#.utf8))
            #expect(lost.status == 201)
            #expect(try await server.client.get("\(Self.agents)/lost").status == 200)
            _ = try await server.terminate()
            for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) }
            for (file, copy) in zip(files, copies) { try copy?.write(to: file) }
            try await server.restart()
            try await server.waitUntilReady()
            #expect(try await server.client.get("\(Self.agents)/lost").status == 404)
            let next = try await server.client.send(
                "POST", Self.agents, headers: ["X-User-Role": "operator"],
                body: Array(#"{"name":"other"}"#.utf8))
            #expect(next.status == 201)
            #expect(next.header("X-Catalog-Epoch") != lost.header("X-Catalog-Epoch"))
            _ = try await server.terminate()
        }
    }
}
