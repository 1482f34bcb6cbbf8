/// What the artifacts inside a model's document look like.
package enum ArtifactShape {
    /// The type of an artifact that names none.
    package static let defaultType = "model-artifact"
    package static let metricsType = "metrics-artifact"

    /// All values of `artifactType`.
    package static let types = [defaultType, metricsType]

    /// All values of `metricsType`.
    package static let metrics = [performanceMetrics, "accuracy-metrics"]

    /// The `metricsType` of artifacts that say how fast a deployment is.
    package static let performanceMetrics = "performance-metrics"

    static let keys = [
        NestedKey("artifactType", .string, allowing: types), NestedKey("uri", .string),
        NestedKey("metricsType", .string, allowing: metrics), NestedKey("id", .string),
        NestedKey("name", .string), NestedKey("externalId", .string),
        NestedKey("description", .string), NestedKey("createTimeSinceEpoch", .timestamp),
        NestedKey("lastUpdateTimeSinceEpoch", .timestamp),
        NestedKey("customProperties", .metadata),
    ]
}

extension ArtifactShape {
    /// The comparable value of an artifact's known or custom property.
    package static func value(of artifact: JSONValue, _ name: String) -> FieldValue {
        switch keys.first(where: { $0.name == name })?.type {
        case .timestamp:
            return artifact[name]?.stringValue.flatMap { Int64($0) }.map { .integer($0) }
                ?? .missing
        case .string:
            if let text = artifact[name]?.stringValue { return .string(text) }
            return name == "artifactType" ? .string(defaultType) : .missing
        default:
            let property = artifact["customProperties"]?[name]
            return property.map(FieldValue.init(property:)) ?? .missing
        }
    }

    /// Reports what an artifact's type demands and the artifact lacks.
    static func check(_ artifacts: JSONValue, _ path: String, _ checker: inout ShapeChecker) {
        for (index, artifact) in (artifacts.arrayValue ?? []).enumerated() {
            guard let object = artifact.objectValue else { continue }
            let type = object["artifactType"]?.stringValue ?? defaultType
            let demanded = type == metricsType ? "metricsType" : "uri"
            if object[demanded] ?? .null == .null {
                checker.report("\(path)[\(index)].\(demanded)", "required field is missing")
            }
        }
    }
}
