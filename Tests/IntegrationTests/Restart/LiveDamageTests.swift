import CatalogModel
import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("A cache file that is damaged while it is served")
    struct LiveDamageTests {
        private static let victim = "victim-of-the-damage"

        @Test("fails no read: Postgres answers, and the namespace is loaded anew")
        func records() async throws {
            let site = try await Deployment.make()
            let replica = try await site.replica()
            try await replica.upsert(
                .agents,
                (0..<50).map { ["name": .string("agent-\($0)")] } + [
                    ["name": .string(Self.victim)]
                ])
            try await replica.warm([.agents])
            let sound = try await replica.get(Kind.agents.whole)
            let path = "\(replica.server.cacheDirectory)/default/data.mdb"
            for round in 1...2 {
                let count = try damageRecords(in: path)
                #expect(count > 0)
                // Neither the read that finds it nor any after it fails or differs.
                for _ in 0..<20 {
                    let list = try await replica.get(Kind.agents.whole)
                    #expect(list.status == 200, "\(list.text)")
                    #expect(list.content == sound.content)
                    #expect(
                        try await replica.get(Kind.agents.entity(Self.victim)).status == 200)
                }
                try await eventually("the discarded cache in the log") {
                    replica.count(of: "cache_discarded") == round
                }
                try await replica.warm([.agents])
                #expect(try await replica.get(Kind.agents.whole).content == sound.content)
            }
            let event = ["event": "cache_discarded"]
            #expect(try await replica.server.metric("catalog_observations_total", event) == 2)
            try await replica.write(
                "PUT", Kind.agents.entity(Self.victim), ["name": .string(Self.victim)])
            #expect(replica.server.isRunning)
        }

        @Test("is dropped when a comparison finds it, before any read has met it")
        func compared() async throws {
            let text = "what-is-written"
            let site = try await Deployment.make()
            let replica = try await site.replica()
            try await replica.upsert(
                .agents, [["name": .string(Self.victim), "description": .string(text)]])
            try await replica.warm([.agents])
            let sound = try await replica.get(Kind.agents.whole)
            let path = "\(replica.server.cacheDirectory)/default/data.mdb"
            // A read cannot tell: the length is right, and the text may be anything.
            #expect(try replace(text, by: "what-was-spoilt", in: path) > 0)
            let found = try await replica.server.client.get(
                "/api/cache/v1alpha1/verify", headers: ["X-User-Role": "operator"]
            ).json()
            #expect(found["status"] == "damaged" && found["valid"] == false, "\(found)")
            try await eventually("the discarded cache in the log") {
                replica.count(of: "cache_discarded") == 1
            }
            #expect(try await replica.get(Kind.agents.whole).content == sound.content)
            try await replica.warm([.agents])
            #expect(try await replica.get(Kind.agents.whole).content == sound.content)
        }

        /// Puts a text of the same length in the place of another; returns how often it was found.
        private func replace(_ text: String, by other: String, in path: String) throws -> Int {
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            defer { try? file.close() }
            let data = try #require(try file.readToEnd())
            var (count, from) = (0, data.startIndex)
            while let found = data.range(of: Data(text.utf8), in: from..<data.endIndex) {
                from = found.upperBound
                try file.seek(toOffset: UInt64(found.lowerBound))
                try file.write(contentsOf: Data(other.utf8))
                count += 1
            }
            return count
        }

        /// Spoils the lengths that lie before the victim's name in each of its records.
        ///
        /// The pages of the tree itself stay as they are: a process that walks damaged ones may
        /// crash inside LMDB, which is why files are verified by a child process at the start.
        private func damageRecords(in path: String) throws -> Int {
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            defer { try? file.close() }
            let data = try #require(try file.readToEnd())
            let name = Data(Self.victim.utf8)
            var count = 0
            var from = data.startIndex
            while let found = data.range(of: name, in: from..<data.endIndex) {
                from = found.upperBound
                // Two lengths of two bytes end right before the name; the first one is its own.
                let lengths = found.lowerBound - 4
                guard lengths >= 8, data[lengths] == UInt8(name.count), data[lengths + 1] == 0
                else { continue }
                try file.seek(toOffset: UInt64(lengths - 4))
                try file.write(contentsOf: Data([0xFF, 0xFF, 0xFF, 0x7F]))
                count += 1
            }
            return count
        }
    }
}
