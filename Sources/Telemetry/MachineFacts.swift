import Glibc

/// Facts about the machine and the process that come from the C library or the kernel's files.
package enum MachineFacts {
    /// Identifies the present boot of the machine; changes with every restart.
    package static var bootID: String { line(of: "/proc/sys/kernel/random/boot_id") ?? "" }

    /// The machine's host name.
    package static var hostName: String { line(of: "/proc/sys/kernel/hostname") ?? "" }

    /// How many processors the process may run on: all of the machine's, or fewer where it is pinned.
    ///
    /// Nil where the kernel does not say (proc(5), `Cpus_allowed` of /proc/self/status).
    package static var allowedProcessors: Int? {
        let field = "Cpus_allowed:"
        guard let mask = line(of: "/proc/self/status", beginningWith: field) else { return nil }
        let count = mask.dropFirst(field.utf8.count).reduce(0) {
            $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0)
        }
        return count > 0 ? count : nil
    }

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

    /// The first line of a small kernel file that begins with some text, cut where it is long.
    ///
    /// Nil when there is none, or the file cannot be read.
    private static func line(
        of path: String, beginningWith beginning: String = ""
    ) -> String? {
        // SAFETY: the stream is closed before returning; the buffer outlives the call that fills it.
        guard let stream = unsafe fopen(path, "r") else { return nil }
        defer { unsafe fclose(stream) }
        var buffer = [CChar](repeating: 0, count: 256)
        while unsafe fgets(&buffer, Int32(buffer.count), stream) != nil {
            let bytes = buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
            let line = String(decoding: bytes, as: UTF8.self)
            if line.hasPrefix(beginning) { return line }
        }
        return nil
    }
}
