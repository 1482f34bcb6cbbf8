import Foundation
import TestSupport
import Testing

extension DeployTests {
    @Suite("systemd unit and image")
    struct ServiceUnitTests {
        private static let unit =
            "\(ServerFiles.repository)/deploy/systemd/catalog-server.service"

        @Test("systemd finds nothing wrong with the unit")
        func verify() async throws {
            try await Program.installed()
            // A root of its own: the unit's program is not installed on this machine.
            let root = try ServerFiles.temporaryFolder()
            defer { try? FileManager.default.removeItem(atPath: root) }
            let units = "\(root)/usr/lib/systemd/system"
            let files = FileManager.default
            for folder in [units, "\(root)/usr/bin"] {
                try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            for file in try files.contentsOfDirectory(atPath: "/usr/lib/systemd/system")
            where file.hasSuffix(".target") {
                try? files.copyItem(
                    atPath: "/usr/lib/systemd/system/\(file)", toPath: "\(units)/\(file)")
            }
            try files.copyItem(atPath: Self.unit, toPath: "\(units)/catalog-server.service")
            try files.copyItem(atPath: "/bin/true", toPath: "\(root)/usr/bin/catalog-server")
            let verify = try await Program(
                "systemd-analyze",
                ["verify", "--man=no", "--root=\(root)", "catalog-server.service"])
            #expect(verify.status == 0 && verify.errors.isEmpty, verify.text)
            let exposure = try await Program(
                "systemd-analyze",
                ["security", "--offline=true", "--threshold=20", "--no-pager", Self.unit])
            #expect(exposure.status == 0, exposure.text)
        }

        @Test("the unit leaves time to drain, and files to open")
        func limits() throws {
            let text = try DeployTests.text("deploy/systemd/catalog-server.service")
            let stop = try #require(text.firstMatch(of: /TimeoutStopSec=(\d+)/))
            #expect((Int(stop.1) ?? 0) > 30)
            let files = try #require(text.firstMatch(of: /LimitNOFILE=(\d+)/))
            // Four files for each of the namespaces that may be open.
            #expect((Int(files.1) ?? 0) >= 4 * 4_096)
        }

        @Test("the image is not root's, and checks itself by the package's program")
        func image() throws {
            let text = try DeployTests.text("deploy/docker/Dockerfile")
            let stages = text.components(separatedBy: "\nFROM ")
            #expect(stages.count == 3)
            let last = try #require(stages.last)
            let user = try #require(last.firstMatch(of: /\nUSER (\d+):(\d+)\n/))
            #expect((Int(user.1) ?? 0) > 0)
            #expect(last.contains("HEALTHCHECK"))
            let package = try DeployTests.text("scripts/package")
            for program in ["usr/bin/catalog-server", "usr/lib/catalog-server/healthcheck"] {
                #expect(last.contains("/\(program)\"") && package.contains(" \(program)\n"))
            }
            #expect(text.contains("scripts/package --output /package"))
        }
    }
}
