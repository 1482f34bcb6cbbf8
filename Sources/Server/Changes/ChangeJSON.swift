import CatalogModel

/// How changes look in answers and events.
enum ChangeJSON {
    /// One change; `document` only where it is asked for, and the change still is the entity's last.
    static func change(
        _ change: LoggedChange, _ revision: LoggedRevision, _ includesBody: Bool
    ) -> JSONObject {
        var object: JSONObject = [
            "revision": .int(revision.revision.value),
            "op": .string(change.isDelete ? "delete" : "put"),
            "plugin": .string(change.key.plugin), "kind": .string(change.key.kind),
            "source": .string(change.key.source), "name": .string(change.key.name),
        ]
        guard !change.isDelete else { return object }
        object["version"] = change.version.map { .int($0) } ?? .null
        guard includesBody else { return object }
        let document = change.document.flatMap { try? JSONParser.parse($0) }
        object["document"] = document ?? .null
        return object
    }
}
