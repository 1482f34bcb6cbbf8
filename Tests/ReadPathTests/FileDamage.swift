import Foundation

/// Damage to a file of a closed cache.
enum FileDamage {
    struct NotFound: Error {}

    /// Flips a bit of every copy of `pattern` in a file, `offset` bytes into it.
    static func flip(_ pattern: [UInt8], at offset: Int, in path: String) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        var found = false
        var from = data.startIndex
        while let range = data.range(of: Data(pattern), in: from..<data.endIndex) {
            data[range.lowerBound + offset] ^= 0x10
            from = range.lowerBound + 1
            found = true
        }
        guard found else { throw NotFound() }
        try data.write(to: URL(fileURLWithPath: path))
    }

    /// Cuts a file down to a part of its length.
    static func cut(_ path: String, to fraction: Double) throws {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        let size = try handle.seekToEnd()
        try handle.truncate(atOffset: UInt64(Double(size) * fraction))
        try handle.close()
    }
}
