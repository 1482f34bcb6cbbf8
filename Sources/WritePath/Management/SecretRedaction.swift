package import CatalogModel

/// Hides the values of properties that look like secrets, and finds them again.
package enum SecretRedaction {
    /// What stands in place of a secret.
    package static let mark = "***REDACTED***"
    private static let words = ["password", "token", "secret", "apikey", "api_key", "credential"]

    /// Whether a property of this name holds a secret, in any case.
    package static func isSensitive(_ key: String) -> Bool {
        let folded = Fold.fold(key)
        return words.contains { folded.contains($0) }
    }

    /// The properties without secrets; references to secrets are no secrets.
    package static func redacted(_ properties: JSONObject) -> JSONObject {
        var result = JSONObject()
        for member in properties.members {
            result[member.key] = redacted(member.key, member.value)
        }
        return result
    }

    private static func redacted(_ key: String, _ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let object): .object(redacted(object))
        case .null: .null
        default: isSensitive(key) ? .string(mark) : value
        }
    }

    /// The properties with each mark replaced by the stored value of its key.
    ///
    /// Throws `.badRequest` for a mark that stands for nothing.
    package static func restored(
        _ properties: JSONObject, from stored: JSONObject?
    ) throws(RequestError) -> JSONObject {
        var result = JSONObject()
        for member in properties.members {
            switch member.value {
            case .object(let object):
                result[member.key] = .object(
                    try restored(object, from: stored?[member.key]?.objectValue))
            case .string(mark) where isSensitive(member.key):
                guard let kept = stored?[member.key] else {
                    throw .badRequest(
                        "property \"\(member.key)\" is redacted and has no stored value to keep")
                }
                result[member.key] = kept
            default:
                result[member.key] = member.value
            }
        }
        return result
    }
}
