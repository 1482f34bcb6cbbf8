import Foundation
import TestSupport

/// The installed server as its unit would start it: its own user, its cache folder, samples.
final class ChrootServer: Sendable {
    private let processIdentifier: Int32

    init(root: String, port: Int, dsn: String) async throws {
        let cache = "/var/cache/catalog-server"
        let made = try await Program(
            "chroot",
            [root, "install", "-d", "-o", "catalog-server", "-g", "catalog-server", cache])
        guard made.status == 0 else { throw DeployFailure(description: made.errors) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments = [
            "-m", "sh", "-c",
            "mount -t proc proc $0/proc && "
                + "exec chroot --userspec=catalog-server:catalog-server \"$0\" \"$@\"",
            root, "/usr/bin/catalog-server",
        ]
        process.environment = [
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DATABASE_DSN": dsn,
            "CATALOG_LISTEN": "127.0.0.1:\(port)", "CATALOG_CACHE_DIR": cache,
            "CATALOG_SOURCES": "/usr/share/catalog-server/catalogs/sources.yaml",
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        processIdentifier = process.processIdentifier
        try ProcessWatch.start(processIdentifier)
    }

    deinit { _ = kill(processIdentifier, SIGKILL) }

    /// Asks it to stop.
    func terminate() { _ = kill(processIdentifier, SIGTERM) }
}
