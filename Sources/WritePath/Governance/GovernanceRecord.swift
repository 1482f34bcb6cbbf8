package import CatalogModel

/// What is said about one asset, and the state of its lifecycle.
package struct GovernanceRecord: Sendable, Hashable {
    package let asset: AssetReference
    /// All sections but the lifecycle; the risk is always there.
    package internal(set) var sections: JSONObject
    package internal(set) var state: LifecycleState
    package internal(set) var reason = ""
    package internal(set) var changedBy = ""
    package internal(set) var changedAtMs: Int64?

    /// The risk's level, which policies look at.
    package var riskLevel: String {
        sections["risk"]?["level"]?.stringValue ?? GovernanceSections.defaultRisk
    }

    /// The record as clients get it.
    package var json: JSONValue {
        var governance = JSONObject()
        for name in GovernanceSections.names where name != "audit" {
            governance[name] = sections[name]
        }
        governance["lifecycle"] = .object(lifecycle)
        governance["audit"] = sections["audit"]
        return ["assetRef": asset.json, "governance": .object(governance)]
    }

    private var lifecycle: JSONObject {
        let changedAt = changedAtMs.map { Timestamp(ms: $0).description } ?? ""
        return [
            "state": .string(state.rawValue), "reason": .string(reason),
            "changedBy": .string(changedBy), "changedAt": .string(changedAt),
        ]
    }

    /// Applies an overlay and returns the sections that it touches, before and after.
    ///
    /// Throws `.badRequest` for a wrong type and for a change of the lifecycle's state.
    mutating func apply(
        _ overlay: JSONObject
    ) throws(RequestError) -> (old: JSONObject, new: JSONObject) {
        let changes = try GovernanceSections.read(overlay)
        var (old, new) = (JSONObject(), JSONObject())
        for (section, value) in changes.members.map({ ($0.key, $0.value) }) {
            old[section] = sections[section]
            new[section] = value
            sections[section] = value
        }
        if let lifecycle = overlay["lifecycle"], !lifecycle.isNull {
            try applyLifecycle(lifecycle, &old, &new)
        }
        return (old, new)
    }

    private mutating func applyLifecycle(
        _ value: JSONValue, _ old: inout JSONObject, _ new: inout JSONObject
    ) throws(RequestError) {
        guard let object = value.objectValue else {
            throw .badRequest("lifecycle must be an object")
        }
        let wanted = object["state"] ?? .string(state.rawValue)
        guard let target = wanted.stringValue, target == state.rawValue || target.isEmpty else {
            let target = wanted.stringValue ?? ""
            let isKnown = LifecycleState(rawValue: target) != nil
            throw .lifecycle(
                isKnown ? "LIFECYCLE_TRANSITION_DENIED" : "LIFECYCLE_INVALID_TRANSITION",
                from: state.rawValue, to: target,
                "the lifecycle's state is changed by the action lifecycle.setState")
        }
        guard let reason = object["reason"], !reason.isNull else { return }
        guard let text = reason.stringValue else {
            throw .badRequest("lifecycle.reason must be a string")
        }
        old["lifecycle"] = .object(lifecycle)
        self.reason = text
        new["lifecycle"] = .object(lifecycle)
    }
}

extension RequestError {
    /// A change of the lifecycle that the rules refuse; clients get code, states and message.
    static func lifecycle(
        _ code: String, from: String, to: String, _ message: String
    ) -> RequestError {
        RequestError(
            .badRequest, message,
            details: ["lifecycle": code, "from": from, "to": to])
    }
}
