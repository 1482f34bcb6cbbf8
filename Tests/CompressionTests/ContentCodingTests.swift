import CZlib
import CZstd
import Testing

@testable import Compression

@Suite("Content codings")
struct ContentCodingTests {
    private static let bodies: [[UInt8]] = [
        [], [7], Array(repeating: 1, count: 100_000),
        (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) },
    ]

    @Test("gzip gives back what went in", arguments: bodies.indices)
    func gzip(index: Int) throws {
        let body = Self.bodies[index]
        let packed = try #require(ContentCoding.gzip.encode(body))
        #expect(packed.prefix(2) == [0x1F, 0x8B])
        #expect(try #require(Self.gunzip(packed, count: body.count)) == body)
    }

    @Test("zstd gives back what went in", arguments: bodies.indices)
    func zstd(index: Int) throws {
        let body = Self.bodies[index]
        let packed = try #require(ContentCoding.zstd.encode(body))
        let plain = unsafe [UInt8](unsafeUninitializedCapacity: body.count + 1) { output, count in
            count = unsafe ZSTD_decompress(
                output.baseAddress, body.count + 1, packed, packed.count)
        }
        #expect(plain == body)
    }

    @Test("the plain form is not encoded")
    func identity() {
        #expect(ContentCoding.identity.encode([1]) == nil)
    }

    private static func gunzip(_ packed: [UInt8], count: Int) -> [UInt8]? {
        var stream = unsafe z_stream()
        let began = unsafe inflateInit2_(
            &stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard began == Z_OK else { return nil }
        defer { unsafe _ = inflateEnd(&stream) }
        var packed = packed
        var result = Z_STREAM_ERROR
        let plain = unsafe [UInt8](unsafeUninitializedCapacity: count + 1) { output, written in
            unsafe packed.withUnsafeMutableBufferPointer { input in
                unsafe stream.next_in = input.baseAddress
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(count + 1)
                result = unsafe inflate(&stream, Z_FINISH)
            }
            written = unsafe count + 1 - Int(stream.avail_out)
        }
        return result == Z_STREAM_END ? plain : nil
    }
}
