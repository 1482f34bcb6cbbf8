import NIOPosix
import SystemPackage

/// Reads files of a few kilobytes on a thread that may block.
enum SmallFile {
    /// The whole text; throws `.configuration` when it cannot be read or is too long.
    static func text(of path: String) async throws(KubernetesError) -> String {
        do {
            return try await NIOThreadPool.singleton.runIfActive { try read(path) }
        } catch {
            throw KubernetesError(.configuration, "\(path) cannot be read: \(error)")
        }
    }

    /// The whole text, read on the calling thread; for the start of the process.
    static func read(_ path: String) throws -> String {
        let file = try FileDescriptor.open(FilePath(path), .readOnly)
        return try file.closeAfter {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while true {
                // SAFETY: the call fills the buffer before it returns and does not keep it.
                let count = try unsafe buffer.withUnsafeMutableBytes {
                    try unsafe file.read(into: $0)
                }
                if count == 0 { return String(decoding: bytes, as: UTF8.self) }
                bytes += buffer.prefix(count)
                guard bytes.count <= ServerLimits.smallFileBytes else {
                    throw KubernetesError(.configuration, "\(path) is too long")
                }
            }
        }
    }
}
