import Foundation

/// A text file of the repository with its path from the root.
struct TextFile: Sendable {
    let path: String
    let lines: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The number of lines, as `wc -l` counts them.
    var length: Int { lines.last == "" ? lines.count - 1 : lines.count }

    /// The target of a Swift file below `Sources`.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    /// The folder that holds the file, with a slash at its end.
    var folder: String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }
}

/// The files of the checkout in which these tests were built.
struct Repository: Sendable {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Names of folders with what tools and runs leave behind.
    private static let skipped: Set<String> = [".git", ".build", ".local", ".swiftpm"]

    static let textFiles: [TextFile] = paths.compactMap { path in
        guard let data = try? Data(contentsOf: root.appending(path: path)), data.count < 1 << 20
        else { return nil }
        return String(data: data, encoding: .utf8).map { TextFile(path: path, text: $0) }
    }

    static let swiftFiles = textFiles.filter { $0.path.hasSuffix(".swift") }

    static let codeFiles = textFiles.filter { file in
        [".swift", ".sql", ".sh", ".h", ".c"].contains { file.path.hasSuffix($0) }
            || file.path.hasPrefix("scripts/") || file.path.hasPrefix(".ci/")
    }

    /// Whether a file or folder of this path exists.
    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }

    /// Whether a file may be executed.
    static func isExecutable(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: root.appending(path: path).path)
    }

    private static var paths: [String] {
        guard let walk = FileManager.default.enumerator(atPath: root.path) else { return [] }
        var paths: [String] = []
        for case let path as String in walk {
            if skipped.contains((path as NSString).lastPathComponent) {
                walk.skipDescendants()
            } else if walk.fileAttributes?[.type] as? FileAttributeType == .typeRegular {
                paths.append(path)
            }
        }
        return paths.sorted()
    }
}
