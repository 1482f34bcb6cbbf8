import Foundation

/// A file system in memory of a few megabytes, to be filled; mounted as long as the value lives.
package final class SmallDisk: Sendable {
    package let path: String

    /// Whether this process may mount.
    package static let isPossible = (try? SmallDisk(megabytes: 1)) != nil

    /// Mounts one of the given size; throws where this process may not.
    package init(megabytes: Int) throws {
        path = "\(NSTemporaryDirectory())/disk-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let options = ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path]
        guard try Self.run("mount", options) == 0 else {
            try? FileManager.default.removeItem(atPath: path)
            throw HTTPFailure(description: "mounting is not allowed")
        }
    }

    deinit {
        _ = try? Self.run("umount", ["-l", path])
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Leaves not a page free.
    package func fill() throws {
        let file = "\(path)/ballast-\(UInt32.random(in: 0 ... .max))"
        _ = try Self.run("dd", ["if=/dev/zero", "of=\(file)", "bs=4k"])
    }

    /// Frees everything that `fill` took.
    package func free() throws {
        for file in try FileManager.default.contentsOfDirectory(atPath: path)
        where file.hasPrefix("ballast") {
            try FileManager.default.removeItem(atPath: "\(path)/\(file)")
        }
    }

    private static func run(_ command: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [command] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
