package import CatalogModel

/// Something to do with an entity, its parameters checked.
package enum EntityAction: Sendable, Hashable {
    /// Replaces the tags.
    case tag([String])
    /// Sets annotations; null removes one.
    case annotate(JSONObject)
    /// Gives the lifecycle's name.
    case deprecate(phase: String)
    /// Loads the entity's sources again.
    case refresh

    /// Reads the parameters of an action; throws `.badRequest` for those it cannot use.
    package init(_ id: String, params: JSONObject) throws(RequestError) {
        switch id {
        case "tag": self = .tag(try Self.tags(params["tags"]))
        case "annotate": self = .annotate(try Self.annotations(params["annotations"]))
        case "deprecate":
            switch params["phase"] {
            case nil, .null?: self = .deprecate(phase: "deprecated")
            case .string(let phase)?:
                try Self.check(phase, "phase")
                self = .deprecate(phase: phase)
            default: throw .badRequest("params.phase must be a string")
            }
        case "refresh": self = .refresh
        default: throw .badRequest("unknown action \"\(id)\"")
        }
    }

    private static func tags(_ value: JSONValue?) throws(RequestError) -> [String] {
        guard let values = value?.arrayValue else {
            throw .badRequest("params.tags must be a list of strings")
        }
        var tags: [String] = []
        for value in values {
            guard let tag = value.stringValue else {
                throw .badRequest("params.tags must be a list of strings")
            }
            try check(tag, "a tag")
            if !tags.contains(tag) { tags.append(tag) }
        }
        guard tags.count <= ManagementLimits.tags else {
            throw .badRequest("an entity has at most \(ManagementLimits.tags) tags")
        }
        return tags
    }

    private static func annotations(_ value: JSONValue?) throws(RequestError) -> JSONObject {
        guard let object = value?.objectValue else {
            throw .badRequest("params.annotations must be an object of strings")
        }
        for member in object.members {
            try check(member.key, "the key of an annotation")
            if member.value == .null { continue }
            guard let text = member.value.stringValue else {
                throw .badRequest("params.annotations must be an object of strings")
            }
            guard text.utf8.count <= ManagementLimits.textLength, !text.utf8.contains(0) else {
                throw .badRequest("an annotation is too long")
            }
        }
        return object
    }

    private static func check(_ text: String, _ what: String) throws(RequestError) {
        guard !text.isEmpty, text.utf8.count <= ManagementLimits.textLength,
            !text.utf8.contains(0)
        else {
            throw .badRequest(
                "\(what) must have 1 to \(ManagementLimits.textLength) bytes and no U+0000")
        }
    }

    /// The overlay after this action; throws `.badRequest` when it would become too large.
    func applied(to overlay: JSONObject) throws(RequestError) -> JSONObject {
        var result = overlay
        switch self {
        case .tag(let tags): result["tags"] = tags.isEmpty ? nil : .strings(tags)
        case .annotate(let changes):
            var annotations = overlay["annotations"]?.objectValue ?? JSONObject()
            for change in changes.members {
                annotations[change.key] = change.value == .null ? nil : change.value
            }
            guard annotations.count <= ManagementLimits.annotations else {
                throw .badRequest(
                    "an entity has at most \(ManagementLimits.annotations) annotations")
            }
            result["annotations"] = annotations.isEmpty ? nil : .object(annotations)
        case .deprecate(let phase): result["lifecycle"] = .string(phase)
        case .refresh: break
        }
        return result
    }

    /// What the answer says of the state after the action.
    func data(_ overlay: JSONObject) -> JSONObject {
        switch self {
        case .tag: ["tags": overlay["tags"] ?? []]
        case .annotate: ["annotations": overlay["annotations"] ?? [:]]
        case .deprecate: ["lifecycle": overlay["lifecycle"] ?? .null]
        case .refresh: [:]
        }
    }
}
