import CatalogModel
import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Clients that take their answer slowly")
    struct SlowReaderTests {
        private static let entities = 400
        private static let text = String(repeating: "a text of some length ", count: 1_400)

        private func document(_ number: Int, _ round: Int) -> JSONValue {
            [
                "name": .string("agent-\(number)"), "category": .string("\(round)"),
                "description": .string(Self.text),
            ]
        }

        private func fileBytes(_ replica: Replica) throws -> Int {
            let path = "\(replica.server.cacheDirectory)/default/data.mdb"
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            return try #require((attributes[.size] as? NSNumber)?.intValue)
        }

        private func write(_ count: Int, to replica: Replica) async throws {
            for round in 0..<count {
                let number = round % Self.entities
                try await replica.write(
                    "PUT", Kind.agents.entity("agent-\(number)"), document(number, round))
            }
        }

        @Test("do not make the cache's file grow: no read is open while an answer is sent")
        func growth() async throws {
            let site = try await Deployment.make()
            let replica = try await site.replica()
            for start in stride(from: 0, to: Self.entities, by: 20) {
                try await replica.upsert(
                    .agents, (start..<(start + 20)).map { document($0, -1) })
            }
            try await replica.warm([.agents])
            let length = try await replica.get(Kind.agents.whole).text.utf8.count
            // The pages that every write needs anew are there after some.
            try await write(40, to: replica)
            let before = try fileBytes(replica)
            var readers: [SlowReader] = []
            for _ in 0..<4 {
                readers.append(
                    try await SlowReader(port: replica.server.port, target: Kind.agents.whole))
            }
            var taken = 0
            for _ in 0..<10 {
                try await write(30, to: replica)
                for reader in readers { taken = max(taken, try await reader.take()) }
            }
            let after = try fileBytes(replica)
            print(
                "a list of \(length) bytes, \(taken) of them taken during 300 writes: the file had "
                    + "\(before) bytes before and \(after) after")
            #expect(taken > 0 && taken < length / 2, "the readers are in the middle")
            #expect(Double(after) <= 1.2 * Double(before))
            // What was begun is what the list was then, whole.
            for reader in readers {
                let answer = try await reader.rest()
                #expect(answer.count > length)
            }
            #expect(try await replica.get(Kind.agents.whole).status == 200)
        }
    }
}
