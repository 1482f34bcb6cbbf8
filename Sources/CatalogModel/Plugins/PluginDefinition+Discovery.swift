/// Why a plugin that is listed does not serve.
package struct PluginStatus: Sendable, Hashable {
    package let enabled: Bool
    package let initialized: Bool
    package let serving: Bool
    package let lastError: String?

    /// Creates the status shown beside a plugin in the plugin list.
    package init(enabled: Bool, initialized: Bool, serving: Bool, lastError: String? = nil) {
        self.enabled = enabled
        self.initialized = initialized
        self.serving = serving
        self.lastError = lastError
    }

    func document() -> JSONValue {
        var document: JSONObject = [
            "enabled": .bool(enabled), "initialized": .bool(initialized),
            "serving": .bool(serving),
        ]
        if let lastError { document["lastError"] = .string(lastError) }
        return .object(document)
    }
}

extension PluginDefinition {
    /// The plugin's entry in the list of plugins.
    ///
    /// Builds the document anew on every call; callers keep the rendered bytes.
    package func discoveryEntry(
        healthy: Bool, status: PluginStatus? = nil,
        environments: [String] = KindDefinition.environments
    ) -> JSONValue {
        var entry: JSONObject = [
            "name": .string(name), "version": .string(version),
            "description": .string(description), "basePath": .string(basePath),
            "healthy": .bool(healthy), "entityKinds": kindNames,
            "capabilities": [
                "entityKinds": kindNames, "listEntities": true, "getEntity": true,
                "listSources": true, "artifacts": .bool(hasArtifacts),
            ],
            "capabilitiesV2": capabilitiesV2(environments: environments),
            "management": [
                "sourceManager": true, "refresh": true, "diagnostics": true, "actions": true,
            ],
        ]
        if let kind = kinds.first {
            entry["uiHints"] = kind.basicHints()
            entry["cliHints"] = kind.commandLineHints()
        }
        if let status { entry["status"] = status.document() }
        return .object(entry)
    }

    private var kindNames: JSONValue { .strings(kinds.map(\.kind)) }
}

extension KindDefinition {
    fileprivate func basicHints() -> JSONValue {
        [
            "listColumns": .array(
                columns.map { column in
                    let field = declaredField(column.name)
                    return [
                        "field": .string(field.path.joined(separator: ".")),
                        "label": .string(label(of: column.name)),
                        "sortable": .bool(column.sortable), "filterable": .bool(field.filterable),
                    ]
                }),
            "detailFields": .array(
                detailFields.map { field in
                    [
                        "field": .string(field.path.joined(separator: ".")),
                        "label": .string(field.label), "section": .string(field.section),
                    ]
                }),
            "identityField": "name", "displayNameField": "name",
            "descriptionField": "description",
        ]
    }

    fileprivate func commandLineHints() -> JSONValue {
        [
            "defaultColumns": .strings(
                columns.map { declaredField($0.name).path.joined(separator: ".") }),
            "sortField": "name", "filterableFields": .strings(filterFields.map(\.name)),
        ]
    }
}
