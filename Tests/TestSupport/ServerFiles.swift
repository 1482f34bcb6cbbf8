import Foundation

/// Where the server under test and its files lie.
package enum ServerFiles {
    /// The folder of the project.
    package static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The sample sources that the project ships.
    package static var sampleSources: String { "\(repository)/catalogs/sources.yaml" }

    /// The built server, looked for beside the running tests and in the folders above.
    ///
    /// The variable CATALOG_SERVER_EXECUTABLE names another one.
    static func executable() throws -> String {
        if let given = ProcessInfo.processInfo.environment["CATALOG_SERVER_EXECUTABLE"] {
            return given
        }
        return try executable(named: "catalog-server")
    }

    /// A built program, looked for beside the running tests and in the folders above.
    package static func executable(named name: String) throws -> String {
        let starts = [CommandLine.arguments.first, Bundle.main.executablePath, self.running]
        for start in starts.compactMap(\.self) {
            var folder = URL(fileURLWithPath: start).deletingLastPathComponent()
            while folder.path.count > 1 {
                let candidate = folder.appendingPathComponent(name).path
                let attributes = try? FileManager.default.attributesOfItem(atPath: candidate)
                if attributes?[.type] as? FileAttributeType == .typeRegular,
                    FileManager.default.isExecutableFile(atPath: candidate)
                {
                    return candidate
                }
                folder.deleteLastPathComponent()
            }
        }
        throw HTTPFailure(description: "\(name) has not been built beside the tests")
    }

    private static var running: String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }

    /// The environment of this process without settings of the server and of Postgres.
    package static var plainEnvironment: [String: String] {
        ProcessInfo.processInfo.environment.filter { variable in
            !["CATALOG_", "DATABASE_", "KUBERNETES_", "POD_", "PG"].contains {
                variable.key.hasPrefix($0)
            }
        }
    }

    /// A new folder of its own for files of one server.
    package static func temporaryFolder() throws -> String {
        let path = "\(NSTemporaryDirectory())/catalog-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        return path
    }
}
