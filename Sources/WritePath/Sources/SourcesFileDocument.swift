import CatalogModel
import Foundation
package import Postgres

/// The operator's sources file, with its older states beside it in `.history`.
///
/// Writing replaces the file by a renamed one. Blocks on the file system, on a thread of its own.
package struct SourcesFileDocument: SourcesDocumentStore {
    package let name: String
    package let directory: String
    /// The path, which is also the label.
    private let path: String
    private let thread: Reactor

    /// Names the file at a path; the reactor runs no connections.
    package init(path: String, thread: Reactor) {
        self.path = path
        self.thread = thread
        directory = SourceText.directory(of: path)
        name = "file:\(path)"
    }

    package var label: String { path }
    private var historyFolder: String { directory + "/.history" }

    package func read() async throws -> String { try await onThread { try present() } }

    package func history() async throws -> [SourcesState] {
        try await onThread {
            names().reversed().compactMap { name in
                // The name is made of digits, so it leads nowhere else.
                guard let seconds = Int64(name.prefix { $0 != "_" }),
                    let text = try? SourceText.read(
                        "\(historyFolder)/\(name)", limit: ManagementLimits.documentBytes)
                else { return nil }
                return SourcesState(timestampMs: seconds * 1_000, text: text)
            }
        }
    }

    package func replace(_ old: String, with text: String) async throws {
        try await onThread {
            guard try present() == old else { throw DocumentConfigStore.conflict }
            guard text.utf8.count <= ManagementLimits.documentBytes else {
                throw RequestError(
                    .payloadTooLarge,
                    "the sources file would exceed \(ManagementLimits.documentBytes) bytes")
            }
            try FileManager.default.createDirectory(
                atPath: historyFolder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            try keep(old)
            // Follows a link to what is mounted, so that the link stays one.
            try Data(text.utf8).write(
                to: URL(fileURLWithPath: SourceText.canonical(path)), options: .atomic)
            try keep(text)
            for name in names().dropLast(ManagementLimits.fileStatesKept) {
                try FileManager.default.removeItem(atPath: "\(historyFolder)/\(name)")
            }
        }
    }

    package func awaitChange(of text: String) async throws {
        try await Task.sleep(for: ManagementLimits.documentInterval)
    }

    // MARK: On the thread

    private func present() throws -> String {
        guard SourceText.exists(path) else { return "" }
        return try SourceText.read(path, limit: ManagementLimits.documentBytes)
    }

    /// The files of the history, oldest first.
    private func names() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: historyFolder)) ?? []
        return names.filter { $0.wholeMatch(of: /[0-9]{1,12}_[0-9a-f]{8}\.yaml/) != nil }.sorted()
    }

    private func keep(_ text: String) throws {
        let version = ConfigVersion.short(text)
        let names = names()
        guard !text.isEmpty, names.last?.hasSuffix("_\(version).yaml") != true else { return }
        // Two states of one second keep their order.
        let newest = names.last.flatMap { Int64($0.prefix { $0 != "_" }) } ?? 0
        let seconds = max(Int64(Date().timeIntervalSince1970), newest + 1)
        let file = "\(historyFolder)/\(seconds)_\(version).yaml"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
        // The configuration may hold secrets.
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    }

    private func onThread<R: Sendable>(
        _ body: @escaping @Sendable () throws -> R
    ) async throws -> R {
        try await withTaskExecutorPreference(thread) { try await Self.run(body) }
    }

    @concurrent
    private static func run<R: Sendable>(_ body: @Sendable () throws -> R) async throws -> R {
        do {
            return try body()
        } catch let error as RequestError {
            throw error
        } catch let error as LoadError {
            throw RequestError(.internalError, "the sources file cannot be read: \(error.message)")
        } catch {
            throw RequestError(.internalError, "the sources file cannot be written")
        }
    }
}
