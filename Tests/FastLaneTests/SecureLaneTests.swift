import NIOHTTP1
import NIOSSL
import TestSupport
import Testing

extension LiveTests {
    @Suite("The lane over TLS", .serialized, .timeLimit(.minutes(10)))
    struct SecureLaneTests {
        private static let end = """
            GET /api/tenancy/v1alpha1/namespaces HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n
            """

        /// Compares the servers; a connection that is reset may lose what was on its way.
        private func compare(_ stream: [UInt8], _ place: String) async throws {
            let servers = try await SecureServers.get()
            var texts: [String] = []
            for timeout: Duration in [.milliseconds(600), .seconds(2), .seconds(5)] {
                texts = []
                for server in [servers.off, servers.bytes] {
                    let outcome = try await server.socket.raw(stream, timeout: timeout)
                    texts.append(
                        Transcript.normalised(outcome.received)
                            + (outcome.ended ? "|ended" : "|open"))
                }
                if texts[0] == texts[1] { return }
            }
            let shown = String(decoding: stream, as: UTF8.self).debugDescription
            Issue.record("\(place): \(shown)\n\(texts.joined(separator: "\n---\n"))")
        }

        @Test("the same bytes get the same answers with the lane as without")
        func random() async throws {
            let seed = UInt64.random(in: 0 ... .max)
            var random = SeededGenerator(seed: seed)
            let servers = try await SecureServers.get()
            let before = try await servers.bytes.answered("bytes")
            for round in 0..<80 {
                var stream: [UInt8] = []
                for _ in 0...(random.next() % 3) {
                    stream += DifferentialTests.request(servers.paths, &random)
                }
                if round % 3 == 0 { stream = DifferentialTests.mutated(stream, &random) }
                try await compare(stream + Array(Self.end.utf8), "seed \(seed), round \(round)")
            }
            #expect(try await servers.bytes.answered("bytes") > before)
        }

        @Test("attacks get the same answers with the lane as without", arguments: Corpus.smuggling)
        func corpus(request: String) async throws {
            let path = try await SecureServers.get().paths[0]
            let hit = "GET \(path) HTTP/1.1\r\nHost: h\r\nX-Namespace: default\r\n\r\n"
            try await compare(Array((hit + request + hit + Self.end).utf8), "corpus")
        }

        private static let fields = [
            ("X-Namespace", "default"), ("X-Namespace", "other"), ("X-Namespace", "Not Valid"),
            ("X-Remote-User", "alice"), ("X-Remote-Group", "a,b"), ("Origin", "http://page"),
            ("Origin", "null"), ("X-Request-ID", "given-1"), ("X-Request-ID", "given 2"),
            ("Accept", "*/*"), ("Accept-Encoding", "gzip, br"), ("If-None-Match", "*"),
            ("Accept-Encoding", "identity;q=0"),
            ("If-None-Match", "\"1-0000000000000000\""), ("If-Match", "*"),
            ("If-None-Match", "\"99999-0000000000000000\""), ("Cookie", "a=b"),
            ("Cookie", "c=d"), ("Cache-Control", "no-cache"), ("Authorization", "Bearer x"),
            ("X-Forwarded-For", "1.2.3.4"), ("X-Catalog-Consistency", "eventual"),
            ("Prefer", "wait=1"), ("Range", "bytes=0-5"), ("traceparent", "00-1-2-03"),
            ("TE", "trailers"), ("Expect", "100-continue"),
        ]
        private static let varying: Set = ["date", "x-request-id", "x-staleness-bound"]

        private func text(_ answer: SecureClient.Answer) -> String {
            let lines = answer.headers.map { name, value in
                Self.varying.contains(name.lowercased()) && !value.hasPrefix("given")
                    ? name : "\(name): \(value)"
            }
            return "\(answer.status) \(answer.version)\n\(lines.joined(separator: "\n"))\n\n"
                + answer.text
        }

        private func compare(
            _ target: String, _ fields: [(String, String)], _ method: HTTPMethod = .GET,
            body: String? = nil
        ) async throws -> SecureClient.Answer {
            let servers = try await SecureServers.get()
            let lane = try await servers.bytes.http2.get(
                target, fields, method: method, body: body)
            let router = try await servers.off.http2.get(
                target, fields, method: method, body: body)
            #expect(lane.version == .http2)
            #expect(text(lane) == text(router), "\(method) \(target) \(fields)")
            return lane
        }

        @Test("requests by HTTP/2 get the same answers with the lane as without")
        func streams() async throws {
            let seed = UInt64.random(in: 0 ... .max)
            var random = SeededGenerator(seed: seed)
            let servers = try await SecureServers.get()
            let before = try await servers.bytes.answered("parts")
            func pick<T>(_ all: [T]) -> T { all[Int(random.next() % UInt64(all.count))] }
            let others = [
                "/nowhere", "/api/agents_catalog/v1alpha1/agents?pageSize=2",
                "/api/tenancy/v1alpha1/namespaces",
            ]
            for _ in 0..<250 {
                let path = random.next() % 6 == 0 ? pick(others) : pick(servers.paths)
                let query = path.contains("?") ? "" : pick(["", "", "?namespace=default", "?x=y"])
                var fields = [("X-Namespace", "default")]
                if random.next() % 6 == 0 { fields = [] }
                for _ in 0..<(random.next() % 4) { fields.append(pick(Self.fields)) }
                let method: HTTPMethod = pick([.GET, .GET, .GET, .HEAD])
                _ = try await compare(path + query, fields, method)
            }
            #expect(try await servers.bytes.answered("parts") > before, "seed \(seed)")
        }

        @Test("conditions, pages, forms and bodies by HTTP/2")
        func streamForms() async throws {
            let servers = try await SecureServers.get()
            let path = "\(servers.paths[0])?namespace=default"
            let list = "/api/mcp_catalog/v1alpha1/mcpservers?pageSize=3&namespace=default"
            for target in [path, list, "/api/plugins?namespace=default"] {
                for coding in ["identity", "gzip", "zstd"] {
                    // The second time it lies ready.
                    var tag = ""
                    for _ in 0..<2 {
                        let answer = try await compare(target, [("Accept-Encoding", coding)])
                        #expect(answer.status == 200)
                        tag = try #require(answer.headers.first(name: "ETag"))
                    }
                    let known = try await compare(
                        target, [("Accept-Encoding", coding), ("If-None-Match", tag)])
                    #expect(known.status == 304 && known.text.isEmpty)
                }
            }
            // A body makes it no hit; the answer is the same.
            let answer = try await compare(path, [], body: "x")
            #expect(answer.status == 200)
            let missing = try await compare(list, [], .POST, body: "{}")
            #expect(missing.status >= 400)
        }

        @Test("many streams of one connection get their own answers")
        func manyStreams() async throws {
            let servers = try await SecureServers.get()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<400 {
                    let path = servers.paths[number % servers.paths.count]
                    group.addTask {
                        let answer = try await servers.bytes.http2.get(
                            "\(path)?namespace=default", [("X-Request-ID", "n\(number)")])
                        #expect(answer.status == 200)
                        #expect(answer.headers["X-Request-ID"] == ["n\(number)"])
                        #expect(answer.version == .http2)
                    }
                }
                try await group.waitForAll()
            }
        }

        @Test("TLS 1.2 is the least, and the client chooses the protocol")
        func handshakes() async throws {
            let server = try await SecureServers.get().bytes
            var socket = server.socket
            let request = Array(Self.end.utf8)
            for (offered, chosen) in [
                ([], ""), (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "h2"),
            ] {
                socket.protocols = offered
                let outcome = try await socket.raw(request, timeout: .seconds(5))
                #expect(outcome.negotiated == chosen, "\(outcome.error ?? "")")
                if chosen != "h2" {
                    #expect(Transcript.normalised(outcome.received).hasPrefix("HTTP/1.1 200 OK"))
                }
            }
            socket.protocols = []
            socket.maximum = .tlsv12
            #expect(try await socket.raw(request, timeout: .seconds(5)).negotiated == "")
            socket.maximum = .tlsv11
            let old = try await socket.raw(request, timeout: .seconds(5))
            #expect(old.negotiated == nil && old.ended)
            // Somebody who does not speak TLS at all.
            let plain = try await server.process.client.raw(request, timeout: .seconds(5))
            #expect(plain.ended)
            #expect(!String(decoding: plain.received, as: UTF8.self).contains("HTTP/1.1"))
        }
    }
}
