import CatalogModel
import Crypto

/// Whether somebody may do something in a namespace; equal however the groups are ordered.
struct AccessQuestion: Hashable, Sendable {
    let user: String
    /// Sorted, each once.
    let groups: [String]
    let action: AccessAction
    let namespace: Namespace
    /// The SHA-256 of all of it: a key of bounded size however many groups there are.
    let digest: [UInt8]

    init(user: String, groups: [String], action: AccessAction, namespace: Namespace) {
        let sorted = Set(groups).sorted()
        self.user = user
        self.groups = sorted
        self.action = action
        self.namespace = namespace
        var hash = SHA256()
        for part in [user, namespace.name, action.description] + sorted {
            // Lengths keep parts apart.
            let count = part.utf8.count
            hash.update(data: (0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) })
            hash.update(data: Array(part.utf8))
        }
        digest = Array(hash.finalize())
    }

    static func == (left: AccessQuestion, right: AccessQuestion) -> Bool {
        left.digest == right.digest
    }

    func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
