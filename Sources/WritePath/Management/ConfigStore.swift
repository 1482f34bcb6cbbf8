package import CatalogModel
package import Postgres

/// One state of the configuration that can be gone back to.
package struct ConfigRevision: Sendable, Hashable {
    /// Eight hex digits.
    package let version: String
    package let timestampMs: Int64
    /// Bytes of what was kept.
    package let size: Int

    /// Describes a state.
    package init(version: String, timestampMs: Int64, size: Int) {
        self.version = version
        self.timestampMs = timestampMs
        self.size = size
    }

    /// The revision as clients see it.
    package var json: JSONValue {
        [
            "version": .string(version),
            "timestamp": .string(Timestamp(ms: timestampMs).description), "size": .int(size),
        ]
    }
}

/// What becomes of a source.
package struct ConfigChange: Sendable, Hashable {
    /// The definition before; nil if there was no such source.
    package let before: SourceDefinition?
    /// The definition from now on; nil if the source is deleted.
    package let after: SourceDefinition?
    package let actor: String

    /// Describes a change.
    package init(before: SourceDefinition?, after: SourceDefinition?, actor: String) {
        self.before = before
        self.after = after
        self.actor = actor
    }
}

/// Keeps the sources that operators change through the API over restarts, and their history.
///
/// The table of sources is what runs; a store is where it comes from at the next start. Versions
/// are opaque; a store without history has none.
package protocol ConfigStore: Sendable {
    /// Whether there are revisions to go back to.
    var keepsHistory: Bool { get }

    /// The document that operators write too; nil where there is none.
    var document: (any SourcesDocumentStore)? { get }

    /// The states in which a source was kept, newest first.
    func revisions(of key: SourceKey) async throws -> [ConfigRevision]

    /// The source as it was in a state; throws `.notFound` for an unknown version. Nil: deleted.
    func definition(of key: SourceKey, at version: String) async throws -> SourceDefinition?

    /// What a change has to find unchanged; read before anything is decided on.
    func version(of key: SourceKey) async throws -> String

    /// Keeps a change as the last step of the transaction that makes it; returns the new version.
    ///
    /// Throws `.conflict` when the configuration is no longer at `expected`, and then nothing has
    /// changed. Only one caller at a time for one source.
    func record(
        _ change: ConfigChange, of key: SourceKey, expecting expected: String,
        on connection: Connection
    ) async throws -> String
}

extension ConfigStore {
    package var document: (any SourcesDocumentStore)? { nil }

    /// What a client is told when somebody else was faster.
    package static var conflict: RequestError {
        .conflict("the configuration was changed by somebody else meanwhile; read it again")
    }

    /// What a client is told about a version that is not kept.
    package static func unknownVersion(_ version: String) -> RequestError {
        .notFound("revision \"\(version)\" not found")
    }
}

/// Keeps nothing: what the API changes lives until a replica starts again.
package struct LiveConfigStore: ConfigStore {
    package let keepsHistory = false

    /// Makes the store that is none.
    package init() {}

    package func revisions(of key: SourceKey) async throws -> [ConfigRevision] { [] }

    package func definition(
        of key: SourceKey, at version: String
    ) async throws -> SourceDefinition? {
        throw Self.unknownVersion(version)
    }

    package func version(of key: SourceKey) async throws -> String { "" }

    package func record(
        _ change: ConfigChange, of key: SourceKey, expecting expected: String,
        on connection: Connection
    ) async throws -> String { "" }
}
