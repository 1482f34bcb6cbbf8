import Glibc

/// Facts about the machine and the process that come from the C library or the kernel's files.
package enum MachineFacts {
    /// Identifies the present boot of the machine; changes with every restart.
    package static var bootID: String { line(of: "/proc/sys/kernel/random/boot_id") }

    /// The machine's host name.
    package static var hostName: String { line(of: "/proc/sys/kernel/hostname") }

    /// The wall clock in milliseconds since 1970.
    package static var wallClockMs: Int { SystemCalls.wallClockMs() }

    /// The environment variables of the process.
    package static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        // SAFETY: the list ends with a null pointer; nothing here changes it while it is read.
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let pair = unsafe String(cString: text).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
            unsafe entry += 1
        }
        return variables
    }

    /// The first line of a small kernel file; empty when it cannot be read.
    private static func line(of path: String) -> String {
        // SAFETY: the stream is closed before returning; the buffer outlives the call that fills it.
        guard let stream = unsafe fopen(path, "r") else { return "" }
        defer { unsafe fclose(stream) }
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe fgets(&buffer, Int32(buffer.count), stream) != nil else { return "" }
        let bytes = buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
