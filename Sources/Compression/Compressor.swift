import CZlib
import CZstd

/// Calls of zlib and zstd over whole buffers; nothing is kept between calls.
enum Compressor {
    private static let gzipLevel: Int32 = 6
    private static let zstdLevel: Int32 = 3
    /// A window of 32 KiB, with the header and the trailer of gzip instead of zlib's.
    private static let gzipWindow: Int32 = 15 + 16
    private static let memoryLevel: Int32 = 8

    static func gzip(_ body: [UInt8]) -> [UInt8]? {
        guard body.count < Int(UInt32.max) else { return nil }
        // SAFETY: the stream lives for this call; zlib reads `avail_in` bytes of `body` and writes
        // at most `avail_out` bytes of `output`, both of which are held by their closures.
        var stream = unsafe z_stream()
        let began = unsafe deflateInit2_(
            &stream, gzipLevel, Z_DEFLATED, gzipWindow, memoryLevel, Z_DEFAULT_STRATEGY,
            ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard began == Z_OK else { return nil }
        defer { unsafe _ = deflateEnd(&stream) }
        let bound = unsafe Int(deflateBound(&stream, UInt(body.count)))
        var result = Z_STREAM_ERROR
        let output = unsafe [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            unsafe body.withUnsafeBufferPointer { input in
                unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(bound)
                result = unsafe deflate(&stream, Z_FINISH)
            }
            count = unsafe bound - Int(stream.avail_out)
        }
        return result == Z_STREAM_END ? output : nil
    }

    static func zstd(_ body: [UInt8]) -> [UInt8]? {
        let bound = ZSTD_compressBound(body.count)
        var failed = false
        // SAFETY: zstd writes at most `bound` bytes of `output` and reads all of `body`.
        let output = unsafe [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            let written = unsafe body.withUnsafeBufferPointer { input in
                unsafe ZSTD_compress(
                    output.baseAddress, bound, input.baseAddress, input.count, zstdLevel)
            }
            failed = ZSTD_isError(written) != 0
            count = failed ? 0 : written
        }
        return failed ? nil : output
    }
}
