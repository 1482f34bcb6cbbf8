/// The richer presentation hints that clients read for MCP servers.
enum McpHints {
    static let rich: JSONObject = [
        "listView": [
            "titleField": "name",
            "columns": [
                field("name", "Name", "text", width: "lg"),
                field("deploymentMode", "Deployment Mode", "badge", width: "sm"),
                field("provider", "Provider", "text", width: "md"),
                field("transportType", "Transport Type", "badge", width: "sm"),
                field("toolCount", "Tool Count", "text", width: "sm"),
                field("license", "License", "badge", width: "sm"),
                field("category", "Category", "tags", width: "md"),
            ],
            "defaultSort": ["field": "name", "direction": "asc"],
            "defaultFilters": [],
        ],
        "detailView": ["sections": [overview, connection, capabilities]],
        "search": [
            "searchableFields": ["name", "description", "provider"],
            "facets": [
                facet("deploymentMode"), facet("transportType"), facet("provider"),
                facet("category"), facet("license"),
            ],
        ],
        "actionHints": [
            "primary": "tag",
            "secondary": ["annotate", "deprecate", "refresh"],
            "confirmations": [["action": "deprecate", "prompt": "Deprecate this MCP server?"]],
        ],
    ]

    private static let overview: JSONValue = [
        "title": "Overview",
        "fields": [
            field("description", "Description", "markdown"),
            field("provider", "Provider", "text"), field("license", "License", "badge"),
            field("category", "Category", "tags"), field("verified", "Verified", "badge"),
            field("certified", "Certified", "badge"),
        ],
        "panels": [],
    ]

    private static let connection: JSONValue = [
        "title": "Connection",
        "fields": [
            field("serverUrl", "Server URL", "code"), field("endpoint", "Endpoint", "link"),
            field("transportType", "Transport Type", "badge"),
            field("supportedTransports", "Supported Transports", "tags"),
            field("image", "Image", "imageRef"),
        ],
        "panels": [],
    ]

    private static let capabilities: JSONValue = [
        "title": "Capabilities",
        "fields": [
            field("toolCount", "Tool Count", "text"),
            field("resourceCount", "Resource Count", "text"),
            field("promptCount", "Prompt Count", "text"),
        ],
        "panels": [],
    ]

    private static func facet(_ name: String) -> JSONValue {
        ["field": .string(name), "display": "badge"]
    }

    private static func field(
        _ name: String, _ label: String, _ display: String, width: String? = nil
    ) -> JSONValue {
        var hint: JSONObject = [
            "field": .string(name), "label": .string(label), "display": .string(display),
        ]
        if let width { hint["width"] = .string(width) }
        return .object(hint)
    }
}
