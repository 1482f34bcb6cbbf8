extension PluginDefinition {
    /// The plugin's capability document, the same alone and inside the plugin list.
    ///
    /// Builds the document anew on every call; callers keep the rendered bytes.
    package func capabilitiesV2(
        environments: [String] = KindDefinition.environments
    ) -> JSONValue {
        [
            "schemaVersion": "v1",
            "plugin": [
                "name": .string(name), "version": .string(version),
                "description": .string(description), "displayName": .string(displayName),
                "icon": .string(icon),
            ],
            "entities": .array(kinds.map { $0.capabilities(environments) }),
            "sources": [
                "manageable": true, "refreshable": true, "types": .strings(sourceTypes),
            ],
            "actions": .array(actions.map { $0.document() }),
        ]
    }
}

extension ActionDefinition {
    /// The action as capability documents and action lists show it.
    package func document() -> JSONValue {
        var document: JSONObject = [
            "id": .string(id), "displayName": .string(displayName),
            "description": .string(description), "scope": .string(scope.rawValue),
            "supportsDryRun": .bool(supportsDryRun), "idempotent": .bool(idempotent),
        ]
        if destructive { document["destructive"] = true }
        return .object(document)
    }
}
