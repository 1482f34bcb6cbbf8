import WritePath

/// What the properties of a `git` source say.
struct GitSettings: Sendable {
    /// Where the repository is.
    enum Place: Sendable, Hashable {
        case remote(RemoteURL)
        case folder(String)
    }

    let place: Place
    let branch: String
    let glob: PathGlob
    let globText: String
    let token: String?
    let isShallow: Bool

    /// Throws for a repository that may not be named, or a property of a wrong form.
    init(_ settings: ProviderSettings, _ access: RemoteAccess) throws(LoadError) {
        _ = try settings.selection()
        place = try Self.place(settings, access)
        branch = try settings.text("branch") ?? "main"
        guard Self.isBranch(branch) else {
            throw settings.error(.invalidField, "branch \"\(branch)\" is no name of a branch")
        }
        globText = try settings.text("path") ?? "**/*.yaml"
        guard let glob = PathGlob(globText) else {
            throw settings.error(
                .invalidField, "path \"\(globText)\" is no pattern such as **/*.yaml")
        }
        self.glob = glob
        token = try settings.text("authToken")
        isShallow = try settings.flag("shallowClone", standard: true)
    }

    private static func place(
        _ settings: ProviderSettings, _ access: RemoteAccess
    ) throws(LoadError) -> Place {
        let text = try settings.requiredText("repoUrl")
        if let url = RemoteURL(text) {
            try access.check(url, settings)
            return .remote(url)
        }
        guard let path = folder(text, settings) else {
            throw settings.error(
                .invalidField,
                "repoUrl must be an address such as https://host/repository.git, "
                    + "without a user or a password")
        }
        guard settings.isFromFile || access.policy.allowsFolder(path) else {
            throw settings.error(
                .hostRefused,
                "repositories in folders need file://… in \(Setting.sourceHosts.variable)")
        }
        return .folder(path)
    }

    /// The path of a folder; a relative one starts where the operator's file lies.
    private static func folder(_ text: String, _ settings: ProviderSettings) -> String? {
        if text.hasPrefix("file:///") { return String(text.dropFirst(7)) }
        if text.hasPrefix("/") { return text }
        guard text.hasPrefix("./") || text.hasPrefix("../"),
            let directory = settings.definition.originDirectory
        else { return nil }
        return "\(directory)/\(text)"
    }

    /// The rules of git for the names of references, and none that could be an option.
    private static func isBranch(_ name: String) -> Bool {
        guard name.utf8.count <= 200, let first = name.first, first != "-", first != "/",
            name.last != "/", name.last != ".", !name.contains(".."), !name.contains("@{"),
            !name.contains("//")
        else { return false }
        let isClean = name.unicodeScalars.allSatisfy {
            $0.value > 0x20 && $0.value != 0x7F && !"~^:?*[\\".unicodeScalars.contains($0)
        }
        return isClean
            && name.split(separator: "/").allSatisfy {
                !$0.hasPrefix(".") && !$0.hasSuffix(".lock")
            }
    }
}
