package import CatalogModel

/// An action on an asset, read from its name and parameters.
package enum GovernanceAction: Sendable, Hashable {
    /// The target is checked by the lifecycle's rules.
    case transition(to: String, reason: String)
    case createVersion(label: String, reason: String)
    case bind(environment: String, versionID: String)
    case promote(from: String, to: String)
    case rollback(environment: String, versionID: String)

    /// Throws `.badRequest` for an unknown name and for missing or malformed parameters.
    package init(name: String, params: JSONObject) throws(RequestError) {
        func text(_ key: String) throws(RequestError) -> String {
            guard let value = params[key], !value.isNull else { return "" }
            guard let text = value.stringValue, text.utf8.count <= WriteLimits.governanceTextBytes
            else {
                throw .badRequest("parameter \"\(key)\" must be a string of usual length")
            }
            return text
        }
        func required(_ key: String) throws(RequestError) -> String {
            let text = try text(key)
            guard !text.isEmpty else {
                throw .badRequest("missing required parameter \"\(key)\"")
            }
            return text
        }
        switch name {
        case "lifecycle.setState":
            self = .transition(to: try required("state"), reason: try text("reason"))
        case "lifecycle.deprecate":
            self = .transition(to: "deprecated", reason: try text("reason"))
        case "lifecycle.archive":
            self = .transition(to: "archived", reason: try text("reason"))
        case "lifecycle.restore":
            let target = try text("targetState")
            self = .transition(
                to: target.isEmpty ? "deprecated" : target, reason: try text("reason"))
        case "version.create":
            self = .createVersion(label: try required("versionLabel"), reason: try text("reason"))
        case "promotion.bind":
            self = .bind(
                environment: try required("environment"), versionID: try required("versionId"))
        case "promotion.promote":
            let (from, to) = (try required("fromEnv"), try required("toEnv"))
            guard from != to else { throw .badRequest("fromEnv and toEnv must be different") }
            self = .promote(from: from, to: to)
        case "promotion.rollback":
            self = .rollback(
                environment: try required("environment"),
                versionID: try required("targetVersionId"))
        default: throw .badRequest("unknown action \"\(name)\"")
        }
    }
}

/// How an action ended.
package struct GovernanceResult: Sendable, Hashable {
    package enum Status: String, Sendable, Hashable {
        case completed
        case dryRun = "dry-run"
        case pendingApproval = "pending-approval"
    }

    package let action: String
    package let status: Status
    package let message: String
    package let data: JSONObject

    /// The result as clients get it.
    package var json: JSONValue {
        [
            "action": .string(action), "status": .string(status.rawValue),
            "message": .string(message), "data": .object(data),
        ]
    }
}
