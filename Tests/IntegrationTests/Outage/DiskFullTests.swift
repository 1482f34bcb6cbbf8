import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("A full disk under the cache", .enabled(if: SmallDisk.isPossible))
    struct DiskFullTests {
        @Test("answers stay right, nothing fails, and the cache comes back by itself")
        func full() async throws {
            let disk = try SmallDisk(megabytes: 24)
            let site = try await Deployment.make()
            var options = site.options()
            options.cacheDirectory = "\(disk.path)/caches"
            let replica = Replica(
                server: try await ServerProcess.ready(options), site: site)
            try await replica.write("POST", Kind.agents.list, Self.document(0))
            try await replica.warm([.agents])

            var written = 0
            var outcomes: [String: Int] = [:]
            try await eventually(within: .seconds(60), "the store answers") {
                try disk.fill()
                written += 1
                let status = try await writeAndRead(replica, written)
                outcomes[status, default: 0] += 1
                return status.contains("cache-unwritable")
            }
            // Also what was never in the cache, while room is looked for again and again.
            for _ in 0..<30 {
                try disk.fill()
                written += 1
                outcomes[try await writeAndRead(replica, written), default: 0] += 1
                #expect(try await replica.get(Kind.skills.list).status == 200)
            }
            print("\(written) writes on a full disk: \(outcomes)")
            #expect(replica.count(of: "cache_unwritable") > 0)
            #expect(try await replica.get("/readyz").status == 200)

            try disk.free()
            let freed = ContinuousClock.now
            try await eventually(within: .seconds(70), "hits again") {
                try await replica.get(Kind.agents.whole).cache == "HIT"
            }
            print("hits \(freed.duration(to: .now)) after there was room")
            for _ in 0..<3 {
                written += 1
                #expect(try await writeAndRead(replica, written) == "catalog; hit")
            }
            #expect(replica.server.isRunning)
            _ = try await replica.server.terminate()
        }

        /// A write, and a read that must show it as the store does; what the cache had to do with it.
        private func writeAndRead(_ replica: Replica, _ number: Int) async throws -> String {
            try await replica.write("POST", Kind.agents.list, Self.document(number))
            let read = try await replica.get(Kind.agents.whole)
            #expect(read.status == 200)
            #expect(["HIT", "MISS"].contains(read.cache))
            #expect(try read.names().count == number + 1)
            #expect(try await replica.bypass(Kind.agents.whole).content == read.content)
            #expect(try #require(read.stalenessBound) < .seconds(5))
            let one = try await replica.get(Kind.agents.entity("agent-\(number)"))
            #expect(one.status == 200)
            return read.header("Cache-Status") ?? ""
        }

        private static func document(_ number: Int) -> JSONValue {
            [
                "name": .string("agent-\(number)"),
                "description": .string(String(repeating: "d", count: 2_000)),
            ]
        }
    }
}
