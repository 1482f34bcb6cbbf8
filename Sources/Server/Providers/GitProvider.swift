import CatalogModel
import NIOPosix
import WritePath

/// Loads the catalog files of a branch of a git repository; runs git, checks nothing out.
///
/// The files are read out of a bare repository, so that neither links nor hooks nor attributes of
/// the repository mean anything.
struct GitProvider: SourceProvider {
    let type = "git"
    let access: RemoteAccess
    /// A file with certificate authorities, where the operator names one.
    let authorities: String?
    let texts: CatalogTexts
    let memory: FetchMemory

    private static let reference = "refs/heads/source"

    func check(_ definition: SourceDefinition, plugin: PluginDefinition) throws(LoadError) {
        _ = try GitSettings(ProviderSettings(definition), access)
    }

    func load(
        _ definition: SourceDefinition, plugin: PluginDefinition, for purpose: SourcePurpose
    ) async throws(LoadError) -> LoadedSource {
        let settings = ProviderSettings(definition)
        let git = try GitSettings(settings, access)
        var address: String?
        if case .remote(let url) = git.place {
            address = try await access.address(of: url, settings)
        }
        let scratch = try await Self.scratch(settings)
        let command = GitCommand(
            settings: settings, git: git, folder: scratch.path, address: address, access: access,
            authorities: authorities)
        let outcome: Result<LoadedSource, LoadError>
        do throws(LoadError) {
            outcome = .success(try await load(definition, plugin, command))
        } catch {
            outcome = .failure(error)
        }
        _ = try? await NIOThreadPool.singleton.runIfActive { scratch.remove() }
        return try outcome.get()
    }

    private static func scratch(
        _ settings: ProviderSettings
    ) async throws(LoadError) -> ScratchFolder {
        do {
            return try await NIOThreadPool.singleton.runIfActive { try ScratchFolder() }
        } catch {
            throw settings.error(.unreadable, "there is no folder to fetch a repository into")
        }
    }

    private func load(
        _ definition: SourceDefinition, _ plugin: PluginDefinition, _ command: GitCommand
    ) async throws(LoadError) -> LoadedSource {
        let known = memory.entry(for: definition)
        if let known, try await head(command) == known.validator { return known.source }
        _ = try await command.output(["init", "--quiet", "--bare", "."], limit: 4_096)
        let depth = command.git.isShallow ? ["--depth", "1"] : []
        _ = try await command.output(
            ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"] + depth + [
                "--", command.url, "+refs/heads/\(command.git.branch):\(Self.reference)",
            ], limit: 4_096)
        let commit = try await command.output(
            ["rev-parse", "--verify", Self.reference], limit: 256)
        let files = try await files(command)
        let contents = try await contents(of: files, command)
        let source = try await texts.load(contents, of: definition, plugin: plugin)
        memory.remember(
            FetchMemory.Entry(
                validator: Self.word(commit), source: source,
                bytes: files.reduce(0) { $0 + $1.size }),
            for: definition)
        return source
    }

    /// The commit that the branch is at, asked for without fetching anything.
    private func head(_ command: GitCommand) async throws(LoadError) -> String {
        let bytes = try await command.output(
            ["ls-remote", "--quiet", "--", command.url, "refs/heads/\(command.git.branch)"],
            limit: 64 << 10)
        return Self.word(bytes)
    }

    private static func word(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
    }

    // MARK: Files

    private struct File: Sendable {
        let object: String
        let path: String
        let size: Int
    }

    /// The regular files of the branch that match, in the order of their paths.
    private func files(_ command: GitCommand) async throws(LoadError) -> [File] {
        let bytes = try await command.output(
            ["ls-tree", "-r", "-z", "-l", "--full-tree", Self.reference],
            limit: ProviderLimits.gitListBytes)
        let settings = command.settings
        var files: [File] = []
        for entry in bytes.split(separator: 0) {
            guard let file = Self.file(entry), command.git.glob.matches(file.path) else {
                continue
            }
            guard file.size <= access.maxBytes else {
                throw settings.error(
                    .tooLarge, "\(file.path) has more than \(access.maxBytes) bytes")
            }
            files.append(file)
        }
        guard !files.isEmpty else {
            throw settings.error(
                .notFound,
                "no file of branch \(command.git.branch) matches \(command.git.globText)")
        }
        let total = files.reduce(0) { $0 + $1.size }
        guard files.count <= ProviderLimits.gitFiles,
            total <= ProviderLimits.gitTexts * access.maxBytes
        else {
            throw settings.error(
                .tooLarge, "\(files.count) files of \(total) bytes match \(command.git.globText)")
        }
        return files
    }

    /// Reads `mode type object size TAB path`; nil for links, folders and submodules.
    private static func file(_ entry: ArraySlice<UInt8>) -> File? {
        guard let tab = entry.firstIndex(of: UInt8(ascii: "\t")) else { return nil }
        let words = String(decoding: entry[..<tab], as: UTF8.self).split(separator: " ")
        guard words.count == 4, words[0] == "100644" || words[0] == "100755",
            words[1] == "blob", let size = Int(words[3]),
            let path = String(validating: entry[entry.index(after: tab)...], as: UTF8.self)
        else { return nil }
        return File(object: String(words[2]), path: path, size: size)
    }

    private func contents(
        of files: [File], _ command: GitCommand
    ) async throws(LoadError) -> [CatalogTexts.Text] {
        let names = files.map { "\($0.object)\n" }.joined()
        let limit = files.reduce(0) { $0 + $1.size + 256 }
        let bytes = try await command.output(
            ["cat-file", "--batch"], input: Array(names.utf8), limit: limit)
        var texts: [CatalogTexts.Text] = []
        var rest = bytes[...]
        for file in files {
            // A line with object, type and size; the content; a newline.
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")),
                rest[end...].count >= file.size + 2,
                rest[..<end].elementsEqual("\(file.object) blob \(file.size)".utf8)
            else {
                throw command.settings.error(.gitFailed, "git does not give \(file.path)")
            }
            let content = rest[(end + 1)..<(end + 1 + file.size)]
            texts.append(CatalogTexts.Text(name: file.path, bytes: Array(content)))
            rest = rest[(end + 2 + file.size)...]
        }
        return texts
    }
}
