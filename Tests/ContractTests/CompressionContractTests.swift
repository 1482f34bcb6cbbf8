import CZlib
import CZstd
import TestSupport
import Testing

@Suite("Compressed answers", .turns, .timeLimit(.minutes(5)))
struct CompressionContractTests {
    private static let path = "/api/mcp_catalog/v1alpha1/mcpservers?pageSize=100"
    private static let discovery = "/api/plugins"

    @Test(
        "the form is the one that the client prefers",
        arguments: [
            ("gzip", "gzip"), ("x-gzip", "gzip"), ("zstd", "zstd"), ("gzip, zstd", "zstd"),
            ("gzip;q=1.0, zstd;q=0.5", "gzip"), ("zstd;q=0, gzip;q=0.1", "gzip"),
            ("*", "zstd"), ("*;q=0.5, zstd;q=0", "gzip"), ("br", nil), ("", nil),
            ("identity", nil), ("identity;q=1, gzip;q=0.5", nil), ("gzip;q=0", nil),
            ("identity;q=0, gzip", "gzip"), ("gzip;q=2", nil), ("GZIP", "gzip"),
        ] as [(String, String?)])
    func negotiation(header: String, coding: String?) async throws {
        let client = try await SharedServer.get().client
        for path in [Self.path, Self.discovery] {
            let plain = try await client.hit(path)
            #expect(plain.header("Content-Encoding") == nil)
            let packed = try await client.get(path, headers: ["Accept-Encoding": header])
            #expect(packed.status == 200)
            #expect(packed.header("Content-Encoding") == coding, "\(path)")
            #expect(try Self.unpacked(packed.body, coding) == plain.body, "\(path)")
            for answer in [plain, packed] {
                let vary = answer.values(of: "Vary").joined(separator: ",")
                #expect(vary.contains("Accept-Encoding") && vary.contains("X-Namespace"))
            }
            // Other bytes, another strong tag.
            let isSame = packed.header("ETag") == plain.header("ETag")
            #expect(isSame == (coding == nil))
            let head = try await client.head(path, headers: ["Accept-Encoding": header])
            for name in ["Content-Encoding", "Content-Length", "ETag", "Vary"] {
                #expect(head.header(name) == packed.header(name), "\(name)")
            }
        }
    }

    @Test(
        "a form that the client holds is current while the content is",
        arguments: [path, discovery])
    func notModified(path: String) async throws {
        let client = try await SharedServer.get().client
        _ = try await client.hit(path)
        for held in ["gzip", "zstd", "identity"] {
            let tag = try #require(
                try await client.get(path, headers: ["Accept-Encoding": held]).header("ETag"))
            for asked in ["gzip", "zstd", "identity"] {
                let answer = try await client.get(
                    path, headers: ["Accept-Encoding": asked, "If-None-Match": tag])
                #expect(answer.status == 304, "\(held) \(asked)")
                #expect(answer.header("ETag") == tag)
                #expect(answer.header("Vary")?.contains("Accept-Encoding") == true)
            }
        }
    }

    @Test("a client that accepts no form is told so")
    func notAcceptable() async throws {
        let client = try await SharedServer.get().client
        for header in ["identity;q=0", "*;q=0", "br, *;q=0", "identity;q=0, gzip;q=0"] {
            let answer = try await client.get(Self.path, headers: ["Accept-Encoding": header])
            #expect(answer.status == 406, "\(header)")
            #expect(answer.header("X-Catalog-Error") == "not_acceptable")
        }
        // A short body is compressed when nothing else is accepted.
        let short = try await client.get(
            "/api/mcp_catalog/v1alpha1/mcpservers?filterQuery=name%3D%27nobody%27",
            headers: ["Accept-Encoding": "gzip, identity;q=0"])
        #expect(short.header("Content-Encoding") == "gzip")
        let plain = try await client.get(
            "/api/mcp_catalog/v1alpha1/mcpservers?filterQuery=name%3D%27nobody%27",
            headers: ["Accept-Encoding": "gzip"])
        #expect(plain.header("Content-Encoding") == nil)
        #expect(try Self.unpacked(short.body, "gzip") == plain.body)
    }

    private static func unpacked(_ body: [UInt8], _ coding: String?) throws -> [UInt8] {
        let room = 4 << 20
        switch coding {
        case "zstd":
            return unsafe [UInt8](unsafeUninitializedCapacity: room) { output, count in
                let written = unsafe ZSTD_decompress(output.baseAddress, room, body, body.count)
                count = ZSTD_isError(written) == 0 ? written : 0
            }
        case "gzip": return inflated(body, room: room)
        default: return body
        }
    }

    private static func inflated(_ body: [UInt8], room: Int) -> [UInt8] {
        var stream = unsafe z_stream()
        guard
            unsafe inflateInit2_(
                &stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return [] }
        defer { unsafe _ = inflateEnd(&stream) }
        var body = body
        return unsafe [UInt8](unsafeUninitializedCapacity: room) { output, count in
            unsafe body.withUnsafeMutableBufferPointer { input in
                unsafe stream.next_in = input.baseAddress
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(room)
                _ = unsafe inflate(&stream, Z_FINISH)
            }
            count = unsafe room - Int(stream.avail_out)
        }
    }
}
