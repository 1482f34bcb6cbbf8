/// An entity as a filter query sees it: its declared fields, custom properties and artifacts.
package struct EntityRecord: FilterRecord, Sendable {
    private let values: [FieldValue]
    private let customProperties: JSONValue?
    private let artifacts: [JSONValue]

    /// Takes values that were extracted before and, for other properties, the parsed document.
    package init(values: [FieldValue], document: JSONObject) {
        self.values = values
        self.customProperties = document["customProperties"]
        self.artifacts = document["artifacts"]?.arrayValue ?? []
    }

    package func value(ofField number: Int) -> FieldValue { values[number] }

    package func customValue(_ name: String) -> FieldValue {
        customProperties?[name].map(FieldValue.init(property:)) ?? .missing
    }

    package var artifactCount: Int { artifacts.count }

    package func artifactValue(_ index: Int, _ name: String) -> FieldValue {
        ArtifactShape.value(of: artifacts[index], name)
    }
}
