/// The command-line tool.
enum OpenSSL {
    /// Runs it to its end; throws when it fails.
    static func run(_ arguments: [String]) async throws {
        try await ProgramRun.succeeding(["openssl"] + arguments)
    }
}
