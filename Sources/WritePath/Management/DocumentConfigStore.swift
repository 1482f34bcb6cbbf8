import CatalogModel
package import Postgres
package import Telemetry

/// Keeps sources in a document that operators write too, and its older states beside it.
///
/// The table of sources reflects one version of the document, which the database knows; a document
/// that somebody else has changed since is not written over. The document has the sources of the
/// namespace `default`; those of others are kept in the database.
package struct DocumentConfigStore: ConfigStore {
    package let keepsHistory = true
    package var document: (any SourcesDocumentStore)? { place }
    private let place: any SourcesDocumentStore
    private let others: DatabaseConfigStore
    private let observer: Observer

    /// What `version` gives for a source that is not in the document.
    private static let absent = "absent"
    private static let known: Statement =
        "SELECT version FROM config_documents WHERE name = $1 FOR UPDATE"
    private static let note: Statement = """
        INSERT INTO config_documents (name, version) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET version = EXCLUDED.version, changed_at = clock_timestamp()
        """

    /// Keeps sources in a document; `pool` keeps those of other namespaces.
    package init(document: any SourcesDocumentStore, pool: Pool, observer: Observer) {
        place = document
        self.observer = observer
        others = DatabaseConfigStore(pool: pool)
    }

    package func revisions(of key: SourceKey) async throws -> [ConfigRevision] {
        guard key.namespace == .default else { return try await others.revisions(of: key) }
        let states = try await place.states()
        let definitions = states.map { try? definition(of: key, in: $0.text) }
        return states.indices.compactMap { index in
            // A state counts for a source if it differs there from the one before.
            let older = index + 1 < states.count ? definitions[index + 1] : nil
            guard Self.token(definitions[index]) != Self.token(older) else { return nil }
            return ConfigRevision(
                version: states[index].version, timestampMs: states[index].timestampMs,
                size: states[index].text.utf8.count)
        }
    }

    package func definition(
        of key: SourceKey, at version: String
    ) async throws -> SourceDefinition? {
        guard key.namespace == .default else {
            return try await others.definition(of: key, at: version)
        }
        guard let state = try await place.states().first(where: { $0.version == version })
        else { throw Self.unknownVersion(version) }
        return try definition(of: key, in: state.text)
    }

    package func version(of key: SourceKey) async throws -> String {
        guard key.namespace == .default else { return try await others.version(of: key) }
        return Self.token(try definition(of: key, in: try await place.read()))
    }

    package func record(
        _ change: ConfigChange, of key: SourceKey, expecting expected: String,
        on connection: Connection
    ) async throws -> String {
        guard key.namespace == .default else {
            return try await others.record(change, of: key, expecting: expected, on: connection)
        }
        let rows = try await connection.query(Self.known, [.text(place.name)])
        let text = try await place.read()
        let present = try definition(of: key, in: text)
        guard try rows.isEmpty || rows.string(0, 0) == ConfigVersion.whole(text),
            try await isMet(expected, key, present)
        else { throw Self.conflict }
        guard Self.token(present) != Self.token(change.after) else {
            return ConfigVersion.short(text)
        }
        let next = try changing(text, key, to: change.after)
        _ = try await connection.query(
            Self.note, [.text(place.name), .text(ConfigVersion.whole(next))])
        do {
            try await place.replace(text, with: next)
        } catch {
            let request = error as? RequestError
            if request?.code != .conflict {
                observer.observe(
                    .writeFailed(
                        namespace: key.namespace.name, code: "config_store", reason: "\(error)"))
            }
            throw request ?? RequestError(.internalError, "the configuration cannot be kept")
        }
        return ConfigVersion.short(next)
    }

    /// Whether a source is as expected: by the token of `version`, or by the version of a state.
    private func isMet(
        _ expected: String, _ key: SourceKey, _ present: SourceDefinition?
    ) async throws -> Bool {
        let token = Self.token(present)
        if expected == token { return true }
        guard expected.count == ManagementLimits.versionDigits,
            let state = try await place.states().first(where: { $0.version == expected })
        else { return false }
        return Self.token(try definition(of: key, in: state.text)) == token
    }

    private func definition(
        of key: SourceKey, in text: String
    ) throws(RequestError) -> SourceDefinition? {
        do throws(LoadError) {
            return try SourcesDocument.definition(
                of: key, in: text, directory: place.directory)
        } catch {
            throw Self.unreadable(error)
        }
    }

    private func changing(
        _ text: String, _ key: SourceKey, to definition: SourceDefinition?
    ) throws(RequestError) -> String {
        do throws(LoadError) {
            return try SourcesDocument.changing(text, key, to: definition)
        } catch {
            throw Self.unreadable(error)
        }
    }

    private static func unreadable(_ error: LoadError) -> RequestError {
        RequestError(
            .internalError, "the configuration of the sources cannot be read: \(error.message)")
    }

    /// Equal for definitions that a document writes in the same way.
    private static func token(_ definition: SourceDefinition?) -> String {
        guard let definition else { return absent }
        var object = definition.json
        object["origin"] = nil
        object["properties"] = .object(sorted(definition.properties))
        return ConfigVersion.whole(JSONValue.object(object).encodedText)
    }

    /// The same object with its keys in order, all the way down; the database keeps no order.
    private static func sorted(_ object: JSONObject) -> JSONObject {
        object.members.sorted { $0.key < $1.key }.reduce(into: JSONObject()) { result, member in
            result[member.key] =
                member.value.objectValue.map { .object(sorted($0)) } ?? member.value
        }
    }
}
