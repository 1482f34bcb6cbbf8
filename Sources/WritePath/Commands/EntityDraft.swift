import CatalogModel

/// A document that has passed every check which needs no database.
struct EntityDraft {
    let name: String
    let document: JSONObject

    /// Checks a document for the kind and finds its name; throws `.badRequest` or `.payloadTooLarge`.
    ///
    /// The name may stand in the document, in the path or in both, and then must be the same.
    init(_ value: JSONValue, name path: String?, kind: KindDefinition) throws(RequestError) {
        guard let object = value.objectValue else {
            throw .badRequest("the \(kind.notFoundNoun) must be a JSON object")
        }
        if let path { try EntityName.validate(path) }
        var document = kind.strippingServerKeys(object)
        if let path, document["name"] ?? .null == .null { document["name"] = .string(path) }
        if let path, let named = document["name"]?.stringValue, named != path {
            throw .badRequest(
                "the name \"\(named)\" in the body is not the name \"\(path)\" in the path")
        }
        try EntityDraft.check(document, kind: kind)
        guard let name = document["name"]?.stringValue else {
            throw .badRequest("the \(kind.notFoundNoun) has no name")
        }
        self.name = name
        self.document = document
    }

    private init(name: String, document: JSONObject) {
        self.name = name
        self.document = document
    }

    /// The draft with what bodies do not show of the entity that it replaces.
    func carryingHiddenFields(of present: WrittenEntity) throws(RequestError) -> EntityDraft {
        let kind = present.kind
        guard kind.fields.contains(where: \.hidden) else { return self }
        let whole = kind.carryingHiddenFields(of: try present.document(), into: document)
        try EntityDraft.check(whole, kind: kind)
        return EntityDraft(name: name, document: whole)
    }

    /// Throws unless the document fits its kind and is small enough.
    static func check(_ document: JSONObject, kind: KindDefinition) throws(RequestError) {
        let errors = EntityValidator.validate(document, kind: kind)
        guard errors.isEmpty else { throw invalid(errors, kind: kind) }
        guard JSONValue.object(document).encoded.count <= CatalogLimits.bodyBytes else {
            throw RequestError(
                .payloadTooLarge,
                "the \(kind.notFoundNoun) exceeds \(CatalogLimits.bodyBytes) bytes")
        }
    }

    private static func invalid(_ errors: [FieldError], kind: KindDefinition) -> RequestError {
        var details: [String: String] = [:]
        for error in errors.prefix(WriteLimits.reportedFieldErrors) {
            details[error.path] = details[error.path] ?? error.message
        }
        let rest = errors.count > 1 ? " (and \(errors.count - 1) more)" : ""
        return .badRequest(
            "the \(kind.notFoundNoun) is not valid: \(errors[0])\(rest)", details: details)
    }
}
