/// Which earlier histories a namespace's present one goes on from, and up to which revision.
///
/// Kept as the store's text and read only where two epochs differ: the epoch that it speaks of, then
/// for each earlier history `epoch:revision`, the newest first, all between single spaces. A text
/// that speaks of another epoch than the present one says nothing.
package struct Lineage: Hashable, Sendable {
    /// Of a history that is not known to go on from another one.
    package static let none = Lineage("")

    package let text: String

    /// Wraps the store's text; costs nothing.
    package init(_ text: String) {
        self.text = text
    }

    /// The last revision that the history `present` shares with an earlier one; nil for a stranger.
    ///
    /// `former` is the earlier epoch or its first characters. Up to that revision both are the same;
    /// whatever the earlier history had beyond it is lost. Reads the text, a few entries.
    package func lastShared(with former: String, by present: Epoch) -> Revision? {
        let parts = text.split(separator: " ")
        guard !former.isEmpty, let subject = parts.first, subject == present.text else {
            return nil
        }
        for part in parts.dropFirst() where part.hasPrefix(former) {
            let entry = part.split(separator: ":")
            return entry.count == 2 ? Revision(text: entry[1]) : nil
        }
        return nil
    }
}

extension NamespaceHead {
    /// Whether this head's history goes on from a revision of an earlier one.
    ///
    /// What cannot be proven is not so. False for the head's own epoch: that needs no proof.
    package func goesOn(from revision: Revision, of former: Epoch) -> Bool {
        guard revision <= self.revision,
            let last = lineage.lastShared(with: former.text, by: epoch)
        else { return false }
        return revision <= last
    }

    /// Whether a store that goes on can be at `later` after this.
    package func precedes(_ later: NamespaceHead) -> Bool {
        guard epoch == later.epoch else { return later.goesOn(from: revision, of: epoch) }
        return revision < later.revision || revision == later.revision && digest == later.digest
    }
}
