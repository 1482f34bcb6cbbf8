/// What a session has seen of each namespace: the newest revision, and its history.
struct SessionTokens {
    private struct Token {
        var epoch: String
        var revision: UInt64
    }

    private var tokens: [String: Token] = [:]

    /// The headers by which a read asks for at least what was seen.
    func headers(for namespace: String?) -> [(name: String, value: String)] {
        guard let token = tokens[namespace ?? ""] else { return [] }
        return [
            ("X-Catalog-Min-Revision", String(token.revision)), ("X-Catalog-Epoch", token.epoch),
        ]
    }

    /// Remembers what an answer showed; another history takes the place of the known one.
    mutating func learn(revision: UInt64?, epoch: String?, in namespace: String?) {
        guard let revision, let epoch else { return }
        let key = namespace ?? ""
        if let known = tokens[key], known.epoch == epoch, known.revision >= revision { return }
        tokens[key] = Token(epoch: epoch, revision: revision)
    }

    /// Forgets a namespace, whose history is gone.
    mutating func forget(_ namespace: String?) { tokens[namespace ?? ""] = nil }
}
