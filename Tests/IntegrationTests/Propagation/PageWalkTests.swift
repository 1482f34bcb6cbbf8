import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Walking pages while others write")
    struct PageWalkTests {
        private static let stable = (0..<60).map { "stable-\($0 + 100)" }

        @Test(
            "shows every lasting entity once", arguments: [Kind.agents, .mcpServers],
            ["name", "CREATE_TIME"])
        func walk(_ kind: Kind, _ order: String) async throws {
            let site = try await Deployment.make()
            let (a, b) = try await site.twins()
            try await a.upsert(kind, Self.stable.map { Self.document(kind, $0) })
            try await a.warm([kind])
            try await b.warm([kind])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await churn(kind, on: a) }
                for replica in [a, b] {
                    for size in [1, 7, 25] {
                        let names = try await walk(kind, order, pages: size, on: replica)
                        let lasting = names.filter { !$0.hasSuffix("-passing") }
                        #expect(lasting.sorted() == Self.stable)
                        if order == "name" { #expect(Set(names).count == names.count) }
                    }
                }
                group.cancelAll()
                try await group.waitForAll()
            }
        }

        private static func document(_ kind: Kind, _ name: String) -> JSONValue {
            var object: JSONObject = ["name": .string(name)]
            if kind == .mcpServers { object["deploymentMode"] = "local" }
            return .object(object)
        }

        /// Inserts and deletes entities between the lasting ones until it is cancelled.
        private func churn(_ kind: Kind, on replica: Replica) async throws {
            var random = SeededGenerator(seed: TestSettings.seed)
            while !Task.isCancelled {
                let name = "stable-\(Int.random(in: 100..<160, using: &random))-passing"
                let path = kind.entity(name)
                if try await replica.send("DELETE", path).status == 204 { continue }
                try await replica.write("PUT", path, Self.document(kind, name))
            }
        }

        private func walk(
            _ kind: Kind, _ order: String, pages size: Int, on replica: Replica
        ) async throws -> [String] {
            var names: [String] = []
            var token = ""
            for _ in 0..<1_000 {
                let page = try await replica.get(
                    "\(kind.list)?pageSize=\(size)&orderBy=\(order)&pageToken=\(token)")
                #expect(page.status == 200, "\(page.text)")
                #expect(page.cache == "HIT")
                names += try page.names()
                token = try page.json()["nextPageToken"]?.stringValue ?? ""
                if token.isEmpty { break }
            }
            return names
        }
    }
}
