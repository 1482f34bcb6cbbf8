/// JSON merge patch, RFC 7396.
package enum JSONMergePatch {
    /// The target with the patch applied: null removes, objects merge, all else replaces.
    package static func apply(_ patch: JSONValue, to target: JSONValue?) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var result = target?.objectValue ?? JSONObject()
        for change in changes.members {
            if change.value.isNull {
                result[change.key] = nil
            } else {
                result[change.key] = apply(change.value, to: result[change.key])
            }
        }
        return .object(result)
    }
}
