import Foundation
import TestSupport
import Testing

extension LiveTests {
    @Suite("The lane against the router", .serialized, .timeLimit(.minutes(10)))
    struct DifferentialTests {
        private static let fields = [
            "X-Namespace: default", "X-Namespace: other", "X-Namespace: Not Valid",
            "x-namespace:default",
            "X-Remote-User: alice", "X-Remote-User:", "X-Remote-Group: a,b", "X-User-Role: viewer",
            "Origin: http://page", "Origin: ftp://page", "Origin: null", "X-Request-ID: given-1",
            "X-Request-ID: given 2", "Accept: */*", "Accept-Encoding: gzip, br",
            "User-Agent: t/1 (x; y)",
            "If-None-Match: *", "If-None-Match: \"1-0000000000000000\"", "If-None-Match: W/\"1-0\"",
            "If-None-Match: \"99999-0000000000000000\"", "If-Match: *", "Cookie: a=b; c=d",
            "Cache-Control: no-cache", "Cache-Control: max-age=0", "Connection: keep-alive",
            "Connection: Keep-Alive", "Authorization: Bearer x", "X-Forwarded-For: 1.2.3.4",
            "X-Catalog-Consistency: eventual", "X-Catalog-Min-Revision: 1", "Prefer: wait=1",
            "Content-Length: 0", "Host: again", "Range: bytes=0-5", "traceparent: 00-1-2-03",
        ]
        private static let queries = [
            "", "", "", "?namespace=default", "?namespace=default&source=",
            "?source=agents-default",
            "?source=nowhere", "?namespace=default&namespace=other", "?explain=true", "?namespace=",
            "?namespace=default&x=y", "?", "?namespace=%64efault",
            "?namespace=default&source=mcp-default",
        ]
        private static let otherPaths = [
            "/api/agents_catalog/v1alpha1/agents", "/api/agents_catalog/v1alpha1/agents/",
            "/api/agents_catalog/v1alpha1/agents/nobody", "/api/tenancy/v1alpha1/namespaces",
            "/nowhere",
            "/api/agents_catalog/v1alpha1/agents//x",
            "/api/model_catalog/v1alpha1/models/filter_options",
        ]

        private static func request(
            _ paths: [String], _ random: inout SeededGenerator
        ) -> [UInt8] {
            func pick<T>(_ all: [T]) -> T { all[Int(random.next() % UInt64(all.count))] }
            func chance(_ one: UInt64) -> Bool { random.next() % one == 0 }
            var path = chance(6) ? pick(otherPaths) : pick(paths)
            if chance(8) { path = path.uppercased() }
            if chance(10) {
                path += pick(["x", "/artifacts", "%20", ":action", "/", "..", "/../x"])
            }
            let method = pick(["GET", "GET", "GET", "HEAD"])
            var text = "\(method) \(path)\(pick(queries)) HTTP/1.1\r\nHost: h\r\n"
            if !chance(6) { text += "X-Namespace: default\r\n" }
            for _ in 0..<(random.next() % 4) { text += "\(pick(fields))\r\n" }
            return Array("\(text)\r\n".utf8)
        }

        private static func mutated(
            _ bytes: [UInt8], _ random: inout SeededGenerator
        ) -> [UInt8] {
            var bytes = bytes
            let odd: [UInt8] = [0, 9, 10, 13, 32, 58, 47, 63, 37, 43, 0x7F, 0x80, 0xFF, 65, 48]
            for _ in 0...(random.next() % 2) {
                let index = Int(random.next() % UInt64(bytes.count))
                let byte = odd[Int(random.next() % UInt64(odd.count))]
                switch random.next() % 4 {
                case 0: bytes[index] = byte
                case 1: bytes.insert(byte, at: index)
                case 2: bytes.remove(at: index)
                default: bytes.insert(contentsOf: bytes[index...].prefix(8), at: index)
                }
            }
            return bytes
        }

        /// What each server sends for the same bytes, until it closes the connection.
        private func transcripts(
            _ stream: [UInt8], within timeout: Duration
        ) async throws -> [String] {
            let servers = try await LaneServers.get()
            var texts: [String] = []
            for server in [servers.off, servers.parts, servers.bytes] {
                let (received, ended) = try await server.client.raw(
                    stream, timeout: timeout)
                texts.append(Transcript.normalised(received) + (ended ? "|ended" : "|open"))
            }
            return texts
        }

        /// Compares; a connection that is reset may lose what was on its way, so in doubt again.
        private func compare(_ stream: [UInt8], _ place: String) async throws {
            var texts: [String] = []
            for timeout: Duration in [.milliseconds(400), .seconds(2), .seconds(5)] {
                texts = try await transcripts(stream, within: timeout)
                if Set(texts).count == 1 { return }
            }
            let shown = String(decoding: stream, as: UTF8.self).debugDescription
            Issue.record("\(place): \(shown)\n\(texts.joined(separator: "\n---\n"))")
        }

        @Test("the same requests get the same answers, by whichever way")
        func random() async throws {
            let environment = ProcessInfo.processInfo.environment
            let seed =
                environment["CATALOG_TEST_SEED"].flatMap { UInt64($0) }
                ?? UInt64.random(in: 0 ... .max)
            let rounds = environment["CATALOG_SLOW"] == "1" ? 5_000 : 250
            let servers = try await LaneServers.get()
            let before = try await LaneServers.answered(servers.bytes)
            var random = SeededGenerator(seed: seed)
            let end =
                "GET /api/tenancy/v1alpha1/namespaces HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            for round in 0..<rounds {
                var stream: [UInt8] = []
                for _ in 0...(random.next() % 3) {
                    stream += Self.request(servers.paths, &random)
                }
                if round % 3 == 0 { stream = Self.mutated(stream, &random) }
                try await compare(stream + Array(end.utf8), "seed \(seed), round \(round)")
            }
            #expect(try await LaneServers.answered(servers.bytes) - before > 0)
            #expect(try await LaneServers.answered(servers.parts) > 0)
            #expect(try await LaneServers.answered(servers.off) == 0)
        }

        @Test("attacks get the same answers with the lane as without", arguments: Corpus.smuggling)
        func corpus(request: String) async throws {
            let hit =
                "GET /api/agents_catalog/v1alpha1/agents/pull-request-reviewer HTTP/1.1\r\nHost: h\r\n"
                + "X-Namespace: default\r\n\r\n"
            let end =
                "GET /api/tenancy/v1alpha1/namespaces HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            try await compare(Array((hit + request + hit + end).utf8), "corpus")
        }

        @Test("a tag that was just given is known by every way")
        func notModified() async throws {
            let servers = try await LaneServers.get()
            for path in servers.paths {
                let first = try await servers.off.client.get("\(path)?namespace=default")
                let tag = try #require(first.header("ETag"))
                let text =
                    "GET \(path)?namespace=default HTTP/1.1\r\nHost: h\r\nIf-None-Match: \(tag)\r\n\r\n"
                    + "HEAD \(path)?namespace=default HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
                try await compare(Array(text.utf8), path)
            }
        }
    }
}
