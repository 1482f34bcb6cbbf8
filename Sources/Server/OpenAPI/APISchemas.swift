import CatalogModel

/// The schemas that the document refers to, made from the definitions of the plugins.
enum APISchemas {
    static let object: JSONValue = ["type": "object"]
    static let string: JSONValue = ["type": "string"]
    static let integer: JSONValue = ["type": "integer"]
    static let boolean: JSONValue = ["type": "boolean"]

    static func reference(_ name: String) -> JSONValue {
        ["$ref": .string("#/components/schemas/\(name)")]
    }

    static func array(of schema: JSONValue) -> JSONValue { ["type": "array", "items": schema] }

    static func choice(_ values: [String]) -> JSONValue {
        ["type": "string", "enum": .strings(values)]
    }

    /// An object of which some members are known and all of those are sent.
    static func record(_ members: JSONObject, optional: JSONObject = [:]) -> JSONValue {
        var properties = members
        for member in optional.members { properties[member.key] = member.value }
        return [
            "type": "object", "properties": .object(properties), "required": .strings(members.keys),
        ]
    }

    /// All schemas by their names.
    static func all(of plugins: [PluginDefinition]) -> JSONObject {
        var schemas = shared
        for kind in plugins.flatMap(\.kinds) {
            schemas[kind.kind] = entity(kind)
            schemas["\(kind.kind)Input"] = input(kind)
            schemas["\(kind.kind)List"] = list(of: kind)
        }
        return schemas
    }

    // MARK: Entities

    private static func entity(_ kind: KindDefinition) -> JSONValue {
        var properties = JSONObject()
        for field in kind.fields where !field.hidden && field.path.count == 1 {
            properties[field.path[0]] = shown(field)
        }
        return [
            "type": "object", "description": .string(kind.description),
            "properties": .object(properties), "required": ["name"],
        ]
    }

    /// What may be written: the fields of documents, and nothing that is not declared.
    private static func input(_ kind: KindDefinition) -> JSONValue {
        var properties = JSONObject()
        for field in kind.fields where field.isDocumentKey {
            properties[field.name] = schema(of: field)
        }
        let required = kind.fields.filter { $0.isDocumentKey && $0.required }.map(\.name)
        var object: JSONObject = ["type": "object", "properties": .object(properties)]
        if !required.isEmpty { object["required"] = .strings(required) }
        return .object(object)
    }

    private static func shown(_ field: FieldDefinition) -> JSONValue {
        field.origin == .id ? string : schema(of: field)
    }

    private static func schema(of field: FieldDefinition) -> JSONValue {
        var object = schema(of: field.type, keys: field.keys)
        if !field.allowedValues.isEmpty, field.type == .string {
            object["enum"] = .strings(field.allowedValues)
        }
        object["title"] = .string(field.label)
        return .object(object)
    }

    private static func schema(of type: FieldType, keys: [NestedKey]?) -> JSONObject {
        switch type {
        case .string: ["type": "string"]
        case .timestamp: ["type": "string", "description": "Milliseconds since 1970"]
        case .integer: ["type": "integer"]
        case .double: ["type": "number"]
        case .boolean: ["type": "boolean"]
        case .stringArray: ["type": "array", "items": string]
        case .array: ["type": "array", "items": [:]]
        case .object: nested(keys)
        case .objectArray: ["type": "array", "items": .object(nested(keys))]
        case .metadata: ["type": "object", "additionalProperties": reference("MetadataValue")]
        case .any: [:]
        }
    }

    private static func nested(_ keys: [NestedKey]?) -> JSONObject {
        guard let keys else { return ["type": "object"] }
        var properties = JSONObject()
        for key in keys {
            var object = schema(of: key.type, keys: nil)
            if !key.allowedValues.isEmpty { object["enum"] = .strings(key.allowedValues) }
            properties[key.name] = .object(object)
        }
        return ["type": "object", "properties": .object(properties)]
    }

    private static func list(of kind: KindDefinition) -> JSONValue {
        let key = kind.convention == .catalog ? kind.plural : "items"
        return record(
            ["size": integer],
            optional: [
                key: array(of: reference(kind.kind)), "nextPageToken": string, "pageSize": integer,
            ])
    }

    // MARK: Everything else

    private static let shared: JSONObject = [
        "Error": [
            "type": "object",
            "description":
                "A refusal; its code is stable and also in the header X-Catalog-Error",
            "properties": [
                "error": string, "code": string, "message": string,
                "details": ["type": "object", "additionalProperties": string],
            ],
        ],
        "MetadataValue": record(
            ["metadataType": string],
            optional: [
                "string_value": string, "int_value": string, "double_value": ["type": "number"],
                "bool_value": boolean,
            ]),
        "Explanation": record(
            [
                "namespace": string, "revision": integer, "outcome": string, "replica": string,
                "feed": object,
            ]),
        "Change": record(
            [
                "revision": integer, "op": choice(["put", "delete"]), "plugin": string,
                "kind": string, "source": string, "name": string,
            ]),
        "Changes": record(
            [
                "namespace": string, "from": integer, "to": integer, "cursor": string,
                "changes": array(of: reference("Change")),
            ], optional: ["epoch": string]),
        "ConsoleView": record(
            [
                "version": string, "replica": string, "namespace": string, "traffic": object,
                "now": object, "replicas": object, "namespaces": object, "jobs": object,
                "audit": object,
            ]),
        "Job": record(["id": string, "plugin": string, "state": string]),
        "AuditEvent": record(["id": string, "eventType": string, "actor": string]),
        "Source": record(["id": string, "type": string, "enabled": boolean]),
        "SourceInput": record(
            ["id": string, "type": string],
            optional: ["name": string, "enabled": boolean, "properties": object]),
        "ActionRequest": record(
            ["action": string], optional: ["params": object, "dryRun": boolean]),
        "Approval": record(["id": string, "status": string]),
    ]
}
