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
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "traceparent: 01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-more",
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
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

        static func request(
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

        static func mutated(
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

        private static let codings = [
            "", "gzip", "zstd", "gzip, zstd", "gzip;q=0.5, zstd;q=0.2", "identity", "br", "*",
            "identity;q=0", "gzip;q=0, *", "x-gzip", "gzip;q=2",
        ]
        private static let lists = [
            "agents_catalog/v1alpha1/agents?namespace=default",
            "agents_catalog/v1alpha1/agents?pageSize=2&namespace=default",
            "agents_catalog/v1alpha1/agents?filterQuery=name%20LIKE%20%27%25e%25%27",
            "mcp_catalog/v1alpha1/mcpservers?pageSize=3&orderBy=NAME&sortOrder=DESC",
            "model_catalog/v1alpha1/models?pageSize=1&source=nowhere",
            "model_catalog/v1alpha1/models?sourceLabel=x", "mcp_catalog/v1alpha1/mcpservers?",
            "mcp_catalog/v1alpha1/mcpservers?explain=true", "mcp_catalog/v1alpha1/mcpservers",
            "agents_catalog/v1alpha1/agents?namespace=&pageSize=2",
            "agents_catalog/v1alpha1/agents?namespace=default&namespace=other&pageSize=2",
            "agents_catalog/v1alpha1/agents?n%61mespace=default&pageSize=2",
            "agents_catalog/v1alpha1/agents?pageSize=x",
        ].map { "/api/\($0)" }

        @Test("lists get the same answers, by whichever way", arguments: lists)
        func pages(target: String) async throws {
            let servers = try await LaneServers.get()
            func request(_ method: String, _ fields: String) -> String {
                "\(method) \(target) HTTP/1.1\r\nHost: h\r\nX-Namespace: default\r\n\(fields)\r\n"
            }
            let end =
                "GET /api/tenancy/v1alpha1/namespaces HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            let before = try await LaneServers.answered(servers.bytes)
            var tags = ["\"0-0000000000000000\"", "\"99999-0000000000000000-gzip\"", "*"]
            for coding in Self.codings {
                let accepts = coding.isEmpty ? "" : "Accept-Encoding: \(coding)\r\n"
                // The second time it lies ready.
                for turn in 0..<2 {
                    try await compare(
                        Array((request("GET", accepts) + end).utf8), "\(coding), turn \(turn)")
                }
                try await compare(Array((request("HEAD", accepts) + end).utf8), "HEAD \(coding)")
                let answer = try await servers.off.client.get(
                    target, headers: ["X-Namespace": "default", "Accept-Encoding": coding])
                if let tag = answer.header("ETag") { tags.append(tag) }
            }
            for tag in Set(tags) {
                let fields =
                    "If-None-Match: \(tag)\r\nAccept-Encoding: gzip\r\nOrigin: http://p\r\n"
                try await compare(Array((request("GET", fields) + end).utf8), tag)
            }
            // The first is a page with many targets, of which only so many are remembered.
            let isPlain = Self.lists[1..<5].contains(target)
            let answered = try await LaneServers.answered(servers.bytes) - before
            #expect(!isPlain || answered > 10, "\(answered) answers of the lane")
        }

        private static let discoveries = [
            "/api/plugins", "/api/plugins?namespace=default", "/api/plugins?namespace=&x=y",
            "/api/plugins/mcp/capabilities", "/api/plugins/agents/capabilities?namespace=default",
            "/api/plugins/nobody/capabilities", "/api/plugins//capabilities", "/api/plugins/",
            "/api/plugins/mcp/capabilities/", "/api/plugins/mcp/mcp/capabilities",
            "/api/plugins?namespace=Not%20Valid", "/api/plugins/mcp/capabilities?",
        ]

        @Test("discovery gets the same answers, by whichever way", arguments: discoveries)
        func discovery(target: String) async throws {
            let servers = try await LaneServers.get()
            let end =
                "GET /api/tenancy/v1alpha1/namespaces HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            func stream(_ fields: String, _ method: String = "GET") -> [UInt8] {
                Array("\(method) \(target) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n\(end)".utf8)
            }
            let named = "X-Namespace: default\r\nOrigin: http://page\r\n"
            let before = try await LaneServers.answered(servers.bytes)
            var tags = ["\"0000000000000000\"", "*", "W/\"0000000000000000\""]
            for coding in Self.codings {
                let fields = coding.isEmpty ? named : "\(named)Accept-Encoding: \(coding)\r\n"
                for turn in 0..<2 { try await compare(stream(fields), "\(coding), turn \(turn)") }
                try await compare(stream(fields, "HEAD"), "HEAD \(coding)")
                let answer = try await servers.off.client.get(
                    target, headers: ["X-Namespace": "default", "Accept-Encoding": coding])
                if let tag = answer.header("ETag") { tags += [tag, "\(tag), \"x\""] }
            }
            for tag in Set(tags) {
                try await compare(stream("\(named)If-None-Match: \(tag)\r\n"), tag)
            }
            for fields in ["", "X-Namespace: other\r\n", "X-Namespace: Not Valid\r\n"] {
                for turn in 0..<2 { try await compare(stream(fields), "\(fields), turn \(turn)") }
            }
            let answered = try await LaneServers.answered(servers.bytes) - before
            #expect(!Self.discoveries.prefix(2).contains(target) || answered > 10, "\(answered)")
        }

        @Test(
            "large heads get the same answers", arguments: [1, 63, 64, 65, 255, 256, 257, 400, 999])
        func largeHeads(fields: Int) async throws {
            let path = try await LaneServers.get().paths[0]
            for length in [10, 100, 40_000 / fields] {
                let value = String(repeating: "a", count: length)
                let lines = (0..<fields).map { "X-\($0): \(value)\r\n" }.joined()
                let text = "GET \(path) HTTP/1.1\r\nHost: h\r\nX-Namespace: default\r\n\(lines)"
                try await compare(
                    Array((text + "Connection: close\r\n\r\n").utf8), "\(fields) of \(length)")
            }
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
