import CatalogModel

/// One state of a sources document, present or older.
package struct SourcesState: Sendable, Hashable {
    /// The first hex digits of the text's SHA-256.
    package let version: String
    package let timestampMs: Int64
    package let text: String

    /// Describes a state.
    package init(timestampMs: Int64, text: String) {
        self.timestampMs = timestampMs
        self.text = text
        version = ConfigVersion.short(text)
    }
}

/// Where a whole sources document lies that operators write too: a file or a ConfigMap.
///
/// Everything throws `RequestError`: `.unavailable` when waiting may help.
package protocol SourcesDocumentStore: Sendable {
    /// Names the place, the same for every replica that reads it.
    var name: String { get }
    /// Names the place to people.
    var label: String { get }
    /// Where relative paths in the document start.
    var directory: String { get }

    /// The present text; empty where there is none.
    func read() async throws -> String

    /// The older states, and the present one if it is kept, newest first.
    func history() async throws -> [SourcesState]

    /// Replaces a text, which is kept; throws `.conflict` when the present one is another.
    func replace(_ old: String, with text: String) async throws

    /// Returns when the document may have another text than the given one, at the latest after a while.
    func awaitChange(of text: String) async throws
}

extension SourcesDocumentStore {
    /// Every state, newest first; a present text that somebody else wrote has no known time.
    func states() async throws -> [SourcesState] {
        let (present, older) = (try await read(), try await history())
        guard !present.isEmpty, older.first?.text != present else { return older }
        return [SourcesState(timestampMs: older.first?.timestampMs ?? 0, text: present)] + older
    }
}
