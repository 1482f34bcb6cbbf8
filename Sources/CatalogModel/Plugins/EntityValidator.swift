/// Checks entity documents against the definition of their kind.
package enum EntityValidator {
    /// Where a document comes from; files are held to stricter rules.
    package enum Origin: Sendable, Hashable {
        case file, request
    }

    /// Lists everything wrong with a document; empty means it may be stored.
    ///
    /// The prefix, such as `agents[3]`, is put before each path. Linear in the document's size.
    package static func validate(
        _ document: JSONObject, kind: KindDefinition, origin: Origin = .request,
        prefix: String = ""
    ) -> [FieldError] {
        var checker = ShapeChecker()
        for member in document.members {
            let path = checker.join(prefix, member.key)
            if let field = kind.documentField(member.key) {
                check(member.value, field, origin, path, &checker)
            } else if !kind.isServerKey(member.key, origin: origin),
                !(origin == .request && KindDefinition.overlayKeys.contains(member.key))
            {
                checker.report(path, "unknown field")
            }
        }
        for field in kind.fields where field.required && field.isDocumentKey {
            if document[field.name] ?? .null == .null {
                checker.report(checker.join(prefix, field.name), "required field is missing")
            }
        }
        return checker.errors
    }

    private static func check(
        _ value: JSONValue, _ field: FieldDefinition, _ origin: Origin, _ path: String,
        _ checker: inout ShapeChecker
    ) {
        if value == .null { return }
        let files = origin == .file && !field.fileAllowedValues.isEmpty
        let allowed = files ? field.fileAllowedValues : field.allowedValues
        checker.check(value, field.type, allowing: allowed, keys: field.keys, path)
        if field.name == "name", let name = value.stringValue,
            let objection = EntityName.objection(to: name)
        {
            checker.report(path, objection)
        }
        if field.keys == ArtifactShape.keys { ArtifactShape.check(value, path, &checker) }
    }
}

extension KindDefinition {
    /// The field stored under a top-level key of the document.
    func documentField(_ key: String) -> FieldDefinition? {
        guard let field = field(named: key), field.name == key, field.isDocumentKey else {
            return nil
        }
        return field
    }

    /// Whether a key is set by the server, so that a written value is ignored.
    ///
    /// Requests may carry all such keys, as clients send back what they were given; files only
    /// those that the kind shows.
    func isServerKey(_ key: String, origin: EntityValidator.Origin) -> Bool {
        if origin == .request, Self.serverKeys.contains(key) { return true }
        return field(named: key).map { $0.origin != .document } ?? false
    }

    /// Removes the keys that the server sets; a file's times stay where the kind keeps them.
    package func strippingServerKeys(
        _ document: JSONObject, origin: EntityValidator.Origin = .request
    ) -> JSONObject {
        var result = document
        for key in Self.serverKeys {
            let isTime = key.hasSuffix("TimeSinceEpoch")
            if isTime && origin == .file && keepsDocumentTimes { continue }
            result[key] = nil
        }
        for key in Self.overlayKeys where documentField(key) == nil { result[key] = nil }
        return result
    }

    /// Keeps what bodies do not show when a client replaces an entity by a body it was given.
    ///
    /// A hidden field that the replacement names, even as null, is the client's to decide.
    package func carryingHiddenFields(
        of stored: JSONObject, into replacement: JSONObject
    ) -> JSONObject {
        var result = replacement
        for field in fields where field.hidden && replacement[field.name] == nil {
            result[field.name] = stored[field.name]
        }
        return result
    }

    /// Members of a document that actions set and writes leave alone, as bodies show them.
    package static let overlayKeys = ["tags", "annotations", "lifecycle"]

    static let serverKeys = [
        "id", "sourceId", "source_id", "createTimeSinceEpoch", "lastUpdateTimeSinceEpoch",
    ]
}
