/// One artifact of a model as clients see it, made of the model's document.
///
/// Its id is the model's id and its place in the document, so that it needs no row of its own.
package struct Artifact: Hashable, Sendable {
    /// More artifacts than a document can hold.
    private static let maximumCount: Int64 = 1_000_000

    package let id: Int64
    /// The public body.
    package private(set) var body: JSONObject

    /// Takes the element of a document at a place, counted from zero.
    package init(_ element: JSONValue, at index: Int, modelID: Int64, timesOf row: RowTimes) {
        let element = element.objectValue ?? JSONObject()
        let type = element["artifactType"]?.stringValue ?? ArtifactShape.defaultType
        id = Self.id(at: index, modelID: modelID)
        var body: JSONObject = ["artifactType": .string(type)]
        body["metricsType"] = Self.present(element["metricsType"])
        body["uri"] = Self.present(element["uri"])
        body["id"] = .string(String(id))
        for key in ["name", "externalId", "description"] {
            body[key] = Self.present(element[key])
        }
        body["createTimeSinceEpoch"] =
            Self.present(element["createTimeSinceEpoch"]) ?? .string(String(row.createdAtMs))
        body["lastUpdateTimeSinceEpoch"] =
            Self.present(element["lastUpdateTimeSinceEpoch"]) ?? .string(String(row.updatedAtMs))
        body["customProperties"] = Self.present(element["customProperties"])
        self.body = body
    }

    /// The times of a model's row, for artifacts that have none of their own.
    package struct RowTimes: Hashable, Sendable {
        package let createdAtMs: Int64
        package let updatedAtMs: Int64

        package init(createdAtMs: Int64, updatedAtMs: Int64) {
            self.createdAtMs = createdAtMs
            self.updatedAtMs = updatedAtMs
        }
    }

    /// The id of the artifact at a place of a model's document.
    package static func id(at index: Int, modelID: Int64) -> Int64 {
        // Wrapping, because an id is no reason to end the process.
        modelID &* maximumCount &+ Int64(index) &+ 1
    }

    private static func present(_ value: JSONValue?) -> JSONValue? {
        value.flatMap { $0.isNull ? nil : $0 }
    }

    package var type: String { body["artifactType"]?.stringValue ?? "" }
    package var isPerformance: Bool {
        body["metricsType"]?.stringValue == ArtifactShape.performanceMetrics
    }
    package var customProperties: JSONObject? { body["customProperties"]?.objectValue }

    /// The comparable value of a custom property.
    package func customValue(_ name: String) -> FieldValue {
        customProperties?[name].map(FieldValue.init(property:)) ?? .missing
    }

    /// The comparable value of a known or custom property.
    package func value(_ name: String) -> FieldValue {
        name == "id" ? .integer(id) : ArtifactShape.value(of: .object(body), name)
    }

    /// The artifact with what it takes to serve a load among its custom properties.
    package func serving(_ deployment: Deployment) -> Artifact {
        var properties = customProperties ?? JSONObject()
        properties["replicas"] = [
            "int_value": .string(String(deployment.replicas)), "metadataType": "MetadataIntValue",
        ]
        properties["total_requests_per_second"] = [
            "double_value": .double(deployment.totalRate), "metadataType": "MetadataDoubleValue",
        ]
        var artifact = self
        artifact.body["customProperties"] = .object(properties)
        return artifact
    }
}

/// The names that filters over the artifacts of one model use.
package struct ArtifactFields: FilterFields {
    static let known: [(name: String, type: FilterType)] = [
        ("id", .integer), ("name", .string), ("externalId", .string), ("description", .string),
        ("createTimeSinceEpoch", .integer), ("lastUpdateTimeSinceEpoch", .integer),
        ("uri", .string), ("artifactType", .string), ("metricsType", .string),
    ]

    package init() {}

    package func resolve(_ path: String) -> FilterField {
        let (name, suffix) = ValueType.split(path)
        if let number = Self.known.firstIndex(where: { $0.name == name }) {
            return .field(
                number, suffix?.filterType ?? Self.known[number].type, caseInsensitive: false)
        }
        let prefix = "customProperties."
        let bare = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
        return .custom(name: bare, suffix: suffix)
    }
}

extension Artifact: FilterRecord {
    package func value(ofField number: Int) -> FieldValue {
        value(ArtifactFields.known[number].name)
    }
    package var artifactCount: Int { 0 }
    package func artifactValue(_ index: Int, _ name: String) -> FieldValue { .missing }
}
