import CatalogModel

/// The operations on entities, derived from the definitions of the plugins.
extension APIOperation {
    static func entities(of plugin: PluginDefinition) -> [APIOperation] {
        plugin.kinds.flatMap { kind in
            reads(of: kind, in: plugin) + writes(of: kind, in: plugin)
                + (plugin.hasArtifacts ? models(kind, in: plugin) : [])
        }
    }

    private static func reads(
        of kind: KindDefinition, in plugin: PluginDefinition
    ) -> [APIOperation] {
        let namespaced = APIParameter.namespaces + APIParameter.consistency
        var operations = [
            APIOperation(
                method: "GET", path: kind.listPath, tag: plugin.name,
                summary: "Lists \(kind.displayName) entities",
                parameters: APIParameter.listing(kind) + namespaced,
                answers: [
                    .read("A page", "\(kind.kind)List"), .notModified,
                ]),
            APIOperation(
                method: "GET", path: "\(kind.listPath)/{name}", tag: plugin.name,
                summary: "Gets one \(kind.notFoundNoun)",
                parameters: [.path("name", "Its name"), .query("source", "The id of its source")]
                    + namespaced,
                answers: [
                    .read("The entity", kind.kind), .notModified,
                ]),
        ]
        if kind.getTemplate.contains("{source_id}") {
            operations.append(
                APIOperation(
                    method: "GET",
                    path: "\(plugin.basePath)/sources/{source_id}/\(kind.plural)/{name}",
                    tag: plugin.name, summary: "Gets one \(kind.notFoundNoun) of a source",
                    parameters: [
                        .path("source_id", "The id of its source"), .path("name", "Its name"),
                    ] + namespaced,
                    answers: [
                        .read("The entity", kind.kind), .notModified,
                    ]))
        }
        return operations
    }

    private static func writes(
        of kind: KindDefinition, in plugin: PluginDefinition
    ) -> [APIOperation] {
        let entity = APISchemas.reference(kind.kind)
        let input = APISchemas.reference("\(kind.kind)Input")
        let changing = APIParameter.namespaces + APIParameter.changing
        let named =
            [
                APIParameter.path("name", "Its name"),
                .header("If-Match", "The entity tag of the version that is to be changed"),
                .header("If-None-Match", "* if there must be none yet"),
            ] + changing
        let one = "\(kind.listPath)/{name}"
        return [
            APIOperation(
                method: "POST", path: kind.listPath, tag: plugin.name,
                summary: "Creates a \(kind.notFoundNoun)", parameters: changing,
                body: ("application/json", input),
                answers: [.json(201, "Created", entity)], failures: .write),
            APIOperation(
                method: "POST", path: "\(kind.listPath):batch", tag: plugin.name,
                summary: "Creates or replaces several in one transaction", parameters: changing,
                body: (
                    "application/json", APISchemas.record(["items": APISchemas.array(of: input)])
                ),
                answers: [.json("A result for each", APISchemas.object)], failures: .write),
            APIOperation(
                method: "PUT", path: one, tag: plugin.name,
                summary: "Creates or replaces a \(kind.notFoundNoun)", parameters: named,
                body: ("application/json", input),
                answers: [.json("Replaced", entity), .json(201, "Created", entity)],
                failures: .write),
            APIOperation(
                method: "PATCH", path: one, tag: plugin.name,
                summary: "Changes members of a \(kind.notFoundNoun) (RFC 7396)",
                parameters: named, body: ("application/merge-patch+json", APISchemas.object),
                answers: [.json("Changed", entity)], failures: .write),
            APIOperation(
                method: "DELETE", path: one, tag: plugin.name,
                summary: "Deletes a \(kind.notFoundNoun)", parameters: named,
                answers: [Answer(status: 204, description: "Deleted")], failures: .write),
        ]
    }

    private static func models(
        _ kind: KindDefinition, in plugin: PluginDefinition
    ) -> [APIOperation] {
        let base = plugin.basePath
        let one = "\(base)/sources/{source_id}/\(kind.plural)/{name}"
        let named: [APIParameter] =
            [.path("source_id", "The id of the source"), .path("name", "The model")]
            + APIParameter.paging(token: "nextPageToken")
            + [
                .query("filterQuery", "Which artifacts"), .query("orderBy", "What to order by"),
                .query("sortOrder", "The direction", APISchemas.choice(["ASC", "DESC"])),
            ] + APIParameter.namespaces
        let listed = APIParameter.paging(token: "nextPageToken") + APIParameter.namespaces
        let page = APISchemas.record(
            ["items": APISchemas.array(of: APISchemas.object), "size": APISchemas.integer])
        func get(_ path: String, _ summary: String, _ parameters: [APIParameter]) -> APIOperation {
            APIOperation(
                method: "GET", path: path, tag: plugin.name, summary: summary,
                parameters: parameters, answers: [.json("A page", page), .notModified])
        }
        return [
            get(
                "\(one)/artifacts", "Lists the artifacts of a model",
                named + [
                    .query("artifactType", "model-artifact or metrics-artifact, by commas")
                ]),
            get(
                "\(one)/artifacts/performance", "Lists what is known of a model's performance",
                named + APIParameter.performance + [
                    .query("recommendations", "Only what is worth its cost", APISchemas.boolean)
                ]),
            APIOperation(
                method: "GET", path: "\(base)/\(kind.plural)/filter_options", tag: plugin.name,
                summary: "What models can be filtered by", parameters: APIParameter.namespaces,
                answers: [.json("The options", APISchemas.object), .notModified]),
            get(
                "\(base)/labels", "Lists the labels of sources",
                listed + [.query("orderBy", "A key of labels")]),
            get(
                "\(base)/sources", "Lists the sources of models",
                listed + [
                    .query("name", "A part of the name"),
                    .query("orderBy", "ID or NAME", APISchemas.choice(["ID", "NAME"])),
                ]),
            APIOperation(
                method: "POST", path: "\(base)/sources/preview", tag: plugin.name,
                summary: "Tells which models a source would have",
                parameters: listed + APIParameter.changing + [
                    .query(
                        "filterStatus", "Which of them",
                        APISchemas.choice(["all", "included", "excluded"]))
                ],
                body: (
                    "multipart/form-data",
                    APISchemas.record(
                        ["config": APISchemas.string], optional: ["catalogData": APISchemas.string])
                ),
                answers: [.json("A page", page)], failures: .write),
        ]
    }
}

extension APIOperation.Answer {
    static func json(_ description: String, _ schema: JSONValue) -> APIOperation.Answer {
        json(200, description, schema)
    }

    static func json(
        _ status: Int, _ description: String, _ schema: JSONValue
    ) -> APIOperation.Answer {
        APIOperation.Answer(status: status, description: description, schema: schema)
    }

    /// What a read answers: a body of a schema, or where it would come from if that was asked.
    static func read(_ description: String, _ name: String) -> APIOperation.Answer {
        let either = [APISchemas.reference(name), APISchemas.reference("Explanation")]
        return json(description, ["anyOf": .array(either)])
    }

    static let notModified = APIOperation.Answer(
        status: 304, description: "The entity tag is still the one that was sent")
}
