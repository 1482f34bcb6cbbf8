import CatalogModel

extension APIParameter {
    static func path(_ name: String, _ description: String) -> APIParameter {
        APIParameter(name: name, place: .path, description: description)
    }

    static func query(
        _ name: String, _ description: String, _ schema: JSONValue = APISchemas.string
    ) -> APIParameter {
        APIParameter(name: name, place: .query, description: description, schema: schema)
    }

    static func header(
        _ name: String, _ description: String, _ schema: JSONValue = APISchemas.string
    ) -> APIParameter {
        APIParameter(name: name, place: .header, description: description, schema: schema)
    }

    /// Which namespace a request is about.
    static let namespaces: [APIParameter] = [
        .query("namespace", "The namespace, where the server has several; wins over the header"),
        .header("X-Namespace", "The namespace, where the server has several"),
    ]

    /// What a read may ask for; docs/consistency.md says what is promised.
    static let consistency: [APIParameter] = [
        .header("X-Catalog-Min-Revision", "Not before this revision", APISchemas.integer),
        .header("X-Catalog-Epoch", "The history that the revision belongs to"),
        .header(
            "X-Catalog-Consistency", "What the answer has to contain",
            APISchemas.choice(["eventual", "strong"])),
        .header("If-None-Match", "304 if the entity tag is still this one"),
        .header("Cache-Control", "no-cache asks the store; max-age bounds the age in seconds"),
        .query(
            "explain", "Where the answer comes from, instead of it", APISchemas.choice(["cache"])),
    ]

    /// What a change may ask for.
    static let changing: [APIParameter] = [
        .header("X-User-Role", "operator, where the server takes roles from this header"),
        .header("Idempotency-Key", "Repeats of a request with this key change nothing more"),
        .header("Prefer", "wait=S, visibility=all: answer when every replica shows the change"),
    ]

    static func paging(token: String = "pageToken") -> [APIParameter] {
        [
            .query("pageSize", "Entries of a page", APISchemas.integer),
            .query(token, "nextPageToken of the page before"),
        ]
    }

    /// What lists of a kind of entities understand.
    static func listing(_ kind: KindDefinition) -> [APIParameter] {
        var parameters = paging(token: kind.convention.tokenParameters[0])
        parameters += [
            .query("filterQuery", "Which entities, such as name LIKE '%x%' AND version = '1'"),
            .query("orderBy", "A field to order by"),
            .query("sortOrder", "The direction", APISchemas.choice(["ASC", "DESC"])),
            .query("source", "Ids of sources, separated by commas"),
            .query("sourceLabel", "Labels of sources, separated by commas"),
        ]
        if !kind.searchFields.isEmpty {
            parameters.append(.query("q", "A text that one of the searched fields contains"))
        }
        if kind.convention == .model {
            parameters.append(
                .query("recommendations", "Order by latency", APISchemas.boolean))
            parameters += performance
        }
        return parameters
    }

    /// Names of the properties by which deployments of models are judged.
    static let performance: [APIParameter] = [
        .query("targetRPS", "Requests a second that are to be reached", APISchemas.integer),
        .query("latencyProperty", "The property that tells latency"),
        .query("rpsProperty", "The property that tells requests a second"),
        .query("hardwareCountProperty", "The property that tells the number of devices"),
        .query("hardwareTypeProperty", "The property that tells the kind of device"),
    ]
}
