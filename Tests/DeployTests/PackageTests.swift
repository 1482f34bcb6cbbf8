import CatalogModel
import Foundation
import TestSupport
import Testing

extension DeployTests {
    /// Takes a release build and a Debian; only with CATALOG_SLOW=1.
    @Suite(
        "Debian package",
        .enabled(if: ProcessInfo.processInfo.environment["CATALOG_SLOW"] == "1"),
        .timeLimit(.minutes(60)))
    struct PackageTests {
        @Test("a fresh Debian installs it, and its programs run there")
        func install() async throws {
            try await Program.installed()
            // The tests that run hold the lock of the build folder, and build nothing in it.
            let built = try await Program(
                "\(ServerFiles.repository)/scripts/package", [],
                environment: ["CATALOG_BUILD_OPTIONS": "--ignore-lock"])
            try #require(built.status == 0, built.text)
            let package = built.output.trimmingCharacters(in: .whitespacesAndNewlines)
            let root = "/var/tmp/catalog-debian-\(getpid())"
            let debian = try await Program(
                "debootstrap", ["--variant=minbase", try Self.release(), root])
            try #require(debian.status == 0, debian.text)
            defer { try? FileManager.default.removeItem(atPath: root) }
            try FileManager.default.copyItem(
                atPath: "\(ServerFiles.repository)/\(package)", toPath: "\(root)/package.deb")
            let lists = try await Self.inside(root, ["apt-get", "update"])
            try #require(lists.status == 0, lists.text)
            let installed = try await Self.inside(
                root, ["apt-get", "install", "-y", "--no-install-recommends", "/package.deb"])
            try #require(installed.status == 0, installed.text)
            try await Self.expectFiles(root)
            try await Self.expectRuns(root)
            let purged = try await Self.inside(root, ["apt-get", "purge", "-y", "catalog-server"])
            #expect(purged.status == 0, purged.text)
            for path in ["etc/default/catalog-server", "etc/catalog-server/sources.yaml"] {
                #expect(!FileManager.default.fileExists(atPath: "\(root)/\(path)"))
            }
        }

        private static func release() throws -> String {
            let text = try String(contentsOfFile: "/etc/os-release", encoding: .utf8)
            return String(try #require(text.firstMatch(of: /VERSION_CODENAME=(\w+)/)).1)
        }

        /// Runs a program in the Debian; apt fetches by the network of this machine.
        private static func inside(_ root: String, _ command: [String]) async throws -> Program {
            try await Program(
                "unshare",
                // Swift reads its arguments from there.
                ["-m", "sh", "-c", "mount -t proc proc $0/proc && exec chroot \"$0\" \"$@\"", root]
                    + command,
                environment: [
                    "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1", "TMPDIR": "/tmp",
                ])
        }

        private static func expectFiles(_ root: String) async throws {
            let account = try await inside(root, ["id", "-u", "catalog-server"])
            #expect(account.status == 0 && account.output != "0\n", account.text)
            let files = FileManager.default
            for path in [
                "usr/lib/systemd/system/catalog-server.service", "usr/bin/catalogctl",
                "usr/share/catalog-server/catalogs/sources.yaml",
                "usr/share/doc/catalog-server/copyright",
            ] { #expect(files.fileExists(atPath: "\(root)/\(path)"), "\(path)") }
            let mode = try files.attributesOfItem(atPath: "\(root)/etc/default/catalog-server")
            #expect(mode[.posixPermissions] as? Int == 0o600)
            let sums = try await inside(root, ["dpkg", "--verify", "catalog-server"])
            #expect(sums.status == 0 && sums.output.isEmpty, sums.text)
        }

        /// The programs run there as the package's user, with the Postgres of this machine.
        private static func expectRuns(_ root: String) async throws {
            let printed = try await inside(
                root, ["env", "DATABASE_DSN=dbname=x", "catalog-server", "--print-config"])
            #expect(printed.status == 0, printed.text)
            #expect(printed.output.contains("CATALOG_LISTEN=:8080"))
            #expect(try await inside(root, ["catalogctl", "--help"]).status == 0)
            let cluster = try await PostgresCluster.shared()
            let database = try await cluster.makeDatabase().firstMatch(of: /dbname=(\w+)/)
            // The socket of this machine's Postgres is out of reach in there.
            let proxy = try await TCPProxy.start(to: .path(cluster.socketPath))
            let name = String(try #require(database).1)
            let port = Int.random(in: 20_000..<32_000)
            let server = try await ChrootServer(
                root: root, port: port,
                dsn: "host=127.0.0.1 port=\(proxy.port) dbname=\(name) user=postgres")
            try await DeployTests.eventually(within: .seconds(60), "ready inside the Debian") {
                try await inside(
                    root,
                    [
                        "/usr/lib/catalog-server/healthcheck",
                        "http://127.0.0.1:\(port)/readyz",
                    ]
                ).status == 0
            }
            let client = HTTPClient(port: port)
            let list = try await client.get("/api/mcp_catalog/v1alpha1/mcpservers").json()
            #expect((list["items"]?.arrayValue?.count ?? 0) > 0)
            server.terminate()
            try await DeployTests.eventually("its end") {
                try await inside(
                    root,
                    ["/usr/lib/catalog-server/healthcheck", "http://127.0.0.1:\(port)/livez"]
                ).status == 1
            }
        }
    }
}
