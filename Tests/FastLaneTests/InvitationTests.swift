import TestSupport
import Testing

extension LiveTests {
    @Suite("Clients that wait with their body", .serialized, .timeLimit(.minutes(5)))
    struct InvitationTests {
        private static let agents = "/api/agents_catalog/v1alpha1/agents"
        private static let invited = "HTTP/1.1 100 Continue\r\n\r\n"
        private static let last =
            "GET /livez HTTP/1.1\r\nHost: h\r\nX-Request-ID: last\r\nConnection: close\r\n\r\n"

        private func connect(_ mode: String) async throws -> RawConnection {
            let servers = try await LaneServers.get()
            let server = ["off": servers.off, "parts": servers.parts][mode] ?? servers.bytes
            return try await RawConnection(port: server.client.port)
        }

        private static func head(
            _ fields: String..., role: String = "operator", path: String = agents,
            version: String = "1.1"
        ) -> String {
            "POST \(path)?namespace=default HTTP/\(version)\r\nHost: h\r\nX-User-Role: \(role)\r\n"
                + fields.map { "\($0)\r\n" }.joined() + "\r\n"
        }

        private static func statuses(_ text: String) -> [String] {
            text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("HTTP/1.") }.map {
                String($0.split(separator: " ")[1])
            }
        }

        private func takeToTheEnd(_ connection: RawConnection) async throws -> String {
            #expect(try await connection.take { _ in false } == false)
            return connection.text
        }

        @Test(
            "are told to send it, and go on with the connection",
            arguments: ["bytes", "parts", "off"])
        func told(mode: String) async throws {
            let connection = try await connect(mode)
            for (number, field) in ["100-continue", "100-Continue"].enumerated() {
                let body = "{\"name\":\"told-\(mode)-\(number)\"}"
                let before = connection.text
                let head = Self.head("Expect: \(field)", "Content-Length: \(body.utf8.count)")
                try await connection.send(head.utf8)
                let count = before.utf8.count + Self.invited.utf8.count
                #expect(try await connection.take { $0.count >= count })
                #expect(connection.text == before + Self.invited)
                try await connection.send(body.utf8)
                #expect(
                    try await connection.take {
                        $0.count > count && String(decoding: $0, as: UTF8.self).hasSuffix("}\n")
                    })
            }
            try await connection.send(Self.last.utf8)
            let text = try await takeToTheEnd(connection)
            #expect(Self.statuses(text) == ["100", "201", "100", "201", "200"], "\(text)")
        }

        @Test("are told so whatever the form of the body is", arguments: ["bytes", "off"])
        func chunked(mode: String) async throws {
            let connection = try await connect(mode)
            let head = Self.head("Expect: 100-continue", "Transfer-Encoding: chunked")
            try await connection.send(head.utf8)
            #expect(try await connection.take { $0.count >= Self.invited.utf8.count })
            let body = "{\"name\":\"chunked-\(mode)\"}"
            let size = String(body.utf8.count, radix: 16)
            try await connection.send("\(size)\r\n\(body)\r\n0\r\n\r\n\(Self.last)".utf8)
            let text = try await takeToTheEnd(connection)
            #expect(Self.statuses(text) == ["100", "201", "200"], "\(text)")
        }

        @Test(
            "are told so after the answers to what they sent before", arguments: ["bytes", "off"])
        func pipelined(mode: String) async throws {
            let connection = try await connect(mode)
            let paths = try await LaneServers.get().paths
            let before = [paths[0], "/livez", "\(Self.agents)/nobody", paths[1]].map {
                "GET \($0)?namespace=default HTTP/1.1\r\nHost: h\r\n\r\n"
            }
            let body = "{\"name\":\"pipelined-\(mode)\"}"
            let head = Self.head("Expect: 100-continue", "Content-Length: \(body.utf8.count)")
            try await connection.send((before.joined() + head).utf8)
            #expect(
                try await connection.take {
                    String(decoding: $0, as: UTF8.self).hasSuffix(Self.invited)
                })
            try await connection.send((body + Self.last).utf8)
            let text = try await takeToTheEnd(connection)
            #expect(
                Self.statuses(text) == ["200", "200", "404", "200", "100", "201", "200"], "\(text)")
        }

        @Test("need not be told when they do not wait", arguments: ["bytes", "off"])
        func unasked(mode: String) async throws {
            let connection = try await connect(mode)
            let body = "{\"name\":\"unasked-\(mode)\"}"
            let head = Self.head("Expect: 100-continue", "Content-Length: \(body.utf8.count)")
            try await connection.send((head + body + Self.last).utf8)
            let text = try await takeToTheEnd(connection)
            #expect(Self.statuses(text).filter { $0 != "100" } == ["201", "200"], "\(text)")
        }

        @Test(
            "hear at once what their request is refused for, and that the connection ends",
            arguments: ["bytes", "off"])
        func refused(mode: String) async throws {
            let fields = ["Expect: 100-continue", "Content-Length: 1000"]
            for (status, head) in [
                ("413", Self.head(fields[0], "Content-Length: 1048577")),
                ("403", Self.head(fields[0], fields[1], role: "viewer")),
                ("404", Self.head(fields[0], fields[1], path: "/api/nowhere")),
            ] {
                let connection = try await connect(mode)
                try await connection.send(head.utf8)
                let text = try await takeToTheEnd(connection)
                #expect(Self.statuses(text) == [status], "\(text)")
                #expect(text.contains("\r\nConnection: close\r\n"), "\(text)")
            }
        }

        @Test("are told nothing where HTTP knows no such answer", arguments: ["bytes", "off"])
        func former(mode: String) async throws {
            let connection = try await connect(mode)
            let body = "{\"name\":\"former-\(mode)\"}"
            let length = "Content-Length: \(body.utf8.count)"
            let head = Self.head(
                "Expect: 100-continue", "Connection: close", length, version: "1.0")
            try await connection.send(head.utf8)
            try await connection.send(body.utf8)
            let text = try await takeToTheEnd(connection)
            #expect(Self.statuses(text) == ["201"], "\(text)")
        }

        @Test("are told nothing where there is no body", arguments: ["bytes", "parts", "off"])
        func bodyless(mode: String) async throws {
            let connection = try await connect(mode)
            let path = try await LaneServers.get().paths[0]
            let get = "GET \(path)?namespace=default HTTP/1.1\r\nHost: h\r\n"
            let empty = Self.head("Expect: 100-continue", "Content-Length: 0")
            try await connection.send(
                "\(get)Expect: 100-continue\r\n\r\n\(empty)\(get)\r\n\(Self.last)".utf8)
            let text = try await takeToTheEnd(connection)
            #expect(Self.statuses(text) == ["200", "400", "200", "200"], "\(text)")
        }

        @Test("for anything else are refused, and may go on", arguments: ["bytes", "parts", "off"])
        func other(mode: String) async throws {
            let connection = try await connect(mode)
            let path = try await LaneServers.get().paths[0]
            let get = "GET \(path)?namespace=default HTTP/1.1\r\nHost: h\r\n"
            let post = Self.head("Expect: 200-ok", "Content-Length: 2")
            try await connection.send(
                "\(get)Expect: 100-continue, x\r\n\r\n\(post){}\(get)\r\n\(Self.last)".utf8)
            let text = try await takeToTheEnd(connection)
            #expect(Self.statuses(text) == ["417", "417", "200", "200"], "\(text)")
            let codes = text.split(whereSeparator: \.isNewline).filter {
                $0.hasPrefix("X-Catalog-Error")
            }
            #expect(codes == Array(repeating: "X-Catalog-Error: expectation_failed", count: 2))
        }

        @Test("are told so over TLS, or refused without it")
        func secure() async throws {
            let socket = try await SecureServers.get().bytes.socket
            let fits = Self.head("Expect: 100-continue", "Content-Length: 1000")
            let told = try await socket.raw(Array(fits.utf8), timeout: .seconds(1))
            #expect(String(decoding: told.received, as: UTF8.self) == Self.invited)
            #expect(!told.ended)
            let large = Self.head("Expect: 100-continue", "Content-Length: 1048577")
            let refused = try await socket.raw(Array(large.utf8), timeout: .seconds(20))
            let text = String(decoding: refused.received, as: UTF8.self)
            #expect(Self.statuses(text) == ["413"] && refused.ended, "\(text)")
        }
    }
}
