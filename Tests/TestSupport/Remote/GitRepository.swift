import Foundation

/// A repository on disk, made by git.
package final class GitRepository: Sendable {
    package let path: String

    /// Makes an empty repository whose branch is `main`, below a folder.
    package init(in folder: String) async throws {
        path = "\(folder)/repository-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        try await git("init", "--quiet", "--initial-branch=main", ".")
        try await git("config", "user.name", "Tester")
        try await git("config", "user.email", "tester@example.com")
        try await git("config", "commit.gpgSign", "false")
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Commits files with these texts; nil removes one.
    package func commit(_ files: [String: String?], branch: String = "main") async throws {
        if branch != "main" { try await git("checkout", "--quiet", "-B", branch) }
        for (name, text) in files {
            let file = "\(path)/\(name)"
            guard let text else {
                try FileManager.default.removeItem(atPath: file)
                continue
            }
            try FileManager.default.createDirectory(
                atPath: URL(fileURLWithPath: file).deletingLastPathComponent().path,
                withIntermediateDirectories: true)
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        }
        try await git("add", "--all")
        try await git("commit", "--quiet", "--message", "Change")
        if branch != "main" { try await git("checkout", "--quiet", "main") }
        try await git("update-server-info")
    }

    /// Runs git in the repository; throws when it fails.
    package func git(_ arguments: String...) async throws {
        try await ProgramRun.succeeding(["git", "-C", path] + arguments)
    }

    /// Its files over HTTP, as any web server would give them (git's protocol without a program at
    /// the other end), to whoever has the password.
    package func served(
        password: String? = nil, secure: Bool = false
    ) async throws -> WebServer {
        let root = "\(path)/.git"
        let expected = password.map {
            "Basic " + Data("x-access-token:\($0)".utf8).base64EncodedString()
        }
        return try await WebServer.start(secure: secure) { request in
            if let expected, request.header("authorization") != expected {
                return .text(
                    "", status: 401, ["WWW-Authenticate": "Basic realm=\"repository\""])
            }
            guard request.path.hasPrefix("/repository.git/"), !request.path.contains(".."),
                let data = FileManager.default.contents(
                    atPath: root + request.path.dropFirst("/repository.git".count))
            else { return .text("", status: 404) }
            return .reply(200, [:], [UInt8](data))
        }
    }
}
