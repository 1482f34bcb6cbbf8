import CatalogModel

/// The operations of management and governance.
extension APIOperation {
    static func management(of plugin: PluginDefinition) -> [APIOperation] {
        let base = "\(plugin.basePath)/management"
        let source = APIParameter.path("id", "The id of the source")
        let entity = APIParameter.path("name", "The name of the entity")
        let input = APISchemas.reference("SourceInput")
        let action = APISchemas.reference("ActionRequest")
        func get(
            _ path: String, _ summary: String, _ parameters: [APIParameter] = []
        ) -> APIOperation {
            APIOperation(
                method: "GET", path: "\(base)/\(path)", tag: plugin.name, summary: summary,
                parameters: parameters + APIParameter.namespaces,
                answers: [.json("The answer", APISchemas.object)])
        }
        func change(
            _ path: String, _ summary: String, _ parameters: [APIParameter] = [],
            body: JSONValue? = nil, by method: String = "POST"
        ) -> APIOperation {
            var answers = [Answer.json("Done", APISchemas.object)]
            if path.hasPrefix("refresh") {
                answers.append(.json(202, "The job is queued", APISchemas.object))
            }
            return APIOperation(
                method: method, path: "\(base)/\(path)", tag: plugin.name, summary: summary,
                parameters: parameters + APIParameter.namespaces + APIParameter.changing,
                body: body.map { ("application/json", $0) }, answers: answers, failures: .write)
        }
        return [
            get("sources", "Lists the sources"),
            get("sources/{id}/revisions", "Lists the revisions of a source", [source]),
            get("diagnostics", "How the sources are"),
            get("actions/source", "Lists the actions on sources"),
            get("actions/asset", "Lists the actions on entities"),
            get("entities/{name}", "Gets an entity of any source", [entity]),
            change("validate-source", "Says whether the provider takes a source", body: input),
            change("apply-source", "Adds or replaces a source", body: input),
            change(
                "sources/{id}/enable", "Enables or disables a source", [source],
                body: APISchemas.record(["enabled": APISchemas.boolean])),
            change("sources/{id}", "Deletes a source", [source], by: "DELETE"),
            change("sources/{id}:validate", "Validates a source by layers", [source], body: input),
            change(
                "sources/{id}:rollback", "Brings an earlier revision of a source back", [source],
                body: APISchemas.record(["version": APISchemas.string])),
            change("sources/{id}:action", "Acts on a source", [source], body: action),
            change("entities/{name}:action", "Acts on an entity", [entity], body: action),
            change("refresh", "Refreshes all sources"),
            change("refresh/{id}", "Refreshes a source", [source]),
        ]
    }

    static var governance: [APIOperation] {
        let base = "/api/governance/v1alpha1"
        let asset = "\(base)/assets/{plugin}/{kind}/{name}"
        let named: [APIParameter] = [
            .path("plugin", "The plugin of the asset"), .path("kind", "The kind of the asset"),
            .path("name", "The name of the asset"),
        ]
        let request = APIParameter.path("id", "The id of the request")
        func get(
            _ path: String, _ summary: String, _ parameters: [APIParameter] = []
        ) -> APIOperation {
            APIOperation(
                method: "GET", path: path, tag: "governance", summary: summary,
                parameters: parameters + APIParameter.namespaces,
                answers: [.json("The answer", APISchemas.object)])
        }
        func change(
            _ method: String, _ path: String, _ summary: String, _ parameters: [APIParameter],
            _ body: JSONValue = APISchemas.object, answers: [Int] = [200]
        ) -> APIOperation {
            APIOperation(
                method: method, path: path, tag: "governance", summary: summary,
                parameters: parameters + APIParameter.namespaces + APIParameter.changing,
                body: ("application/json", body),
                answers: answers.map { .json($0, "Done", APISchemas.object) }, failures: .write)
        }
        return [
            get(asset, "What is said about an asset", named),
            change("PATCH", asset, "Replaces sections of what is said about an asset", named),
            get("\(asset)/history", "Lists what happened", named + APIParameter.paging()),
            get("\(asset)/versions", "Lists the versions", named + APIParameter.paging()),
            change(
                "POST", "\(asset)/versions", "Makes a version", named,
                APISchemas.record(
                    ["versionLabel": APISchemas.string], optional: ["reason": APISchemas.string]),
                answers: [201]),
            get("\(asset)/bindings", "Lists the version of each environment", named),
            change(
                "PUT", "\(asset)/bindings/{environment}", "Binds a version to an environment",
                named + [.path("environment", "The environment")],
                APISchemas.record(["versionId": APISchemas.string])),
            change(
                "POST", "\(asset)/actions/{action}", "Acts on an asset",
                named + [.path("action", "The action, such as lifecycle.setState")],
                answers: [200, 202]),
            get(
                "\(base)/approvals", "Lists requests for approval",
                [
                    .query("status", "Only requests in this state"),
                    .query("assetUid", "Only requests about this asset"),
                ] + APIParameter.paging()),
            get("\(base)/approvals/{id}", "Gets a request for approval", [request]),
            change(
                "POST", "\(base)/approvals/{id}/decisions", "Approves or denies", [request],
                APISchemas.record(
                    ["verdict": APISchemas.choice(["approve", "deny"])],
                    optional: ["comment": APISchemas.string])),
            change("POST", "\(base)/approvals/{id}/cancel", "Takes a request back", [request]),
            get("\(base)/policies", "Lists the policies of approval"),
        ]
    }
}
