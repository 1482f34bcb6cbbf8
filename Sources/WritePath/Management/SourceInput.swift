package import CatalogModel

/// A source as a client sends it: `SourceConfigInput` of the contract.
package struct SourceInput: Sendable, Hashable {
    package var id: String
    package var name: String
    package var type: String
    package var enabled: Bool
    package var labels: [String]?
    package var properties: JSONObject
    package var includedItems: [String]?
    package var excludedItems: [String]?
    package var refreshAfterApply: Bool

    /// Reads a body; unknown members are ignored.
    ///
    /// Throws `.badRequest` for members of a wrong type.
    package init(_ value: JSONValue, id path: String? = nil) throws(RequestError) {
        guard let object = value.objectValue else {
            throw .badRequest("the body must be a JSON object")
        }
        func text(_ key: String) throws(RequestError) -> String {
            guard let value = object[key], value != .null else { return "" }
            guard let text = value.stringValue else { throw Self.wrong(key, "a string") }
            return text
        }
        func flag(_ key: String, _ standard: Bool) throws(RequestError) -> Bool {
            guard let value = object[key], value != .null else { return standard }
            guard let flag = value.boolValue else { throw Self.wrong(key, "true or false") }
            return flag
        }
        func texts(_ key: String) throws(RequestError) -> [String]? {
            guard let value = object[key], value != .null else { return nil }
            guard let texts = value.arrayValue?.compactMap(\.stringValue),
                texts.count == value.arrayValue?.count
            else { throw Self.wrong(key, "a list of strings") }
            return texts
        }
        let given = try text("id")
        if let path, !given.isEmpty, given != path {
            throw .badRequest("the id \"\(given)\" in the body is not \"\(path)\" in the path")
        }
        id = given.isEmpty ? path ?? "" : given
        name = try text("name")
        type = try text("type")
        enabled = try flag("enabled", true)
        labels = try texts("labels")
        includedItems = try texts("includedItems")
        excludedItems = try texts("excludedItems")
        refreshAfterApply = try flag("refreshAfterApply", false)
        switch object["properties"] {
        case nil, .null?: properties = JSONObject()
        case .object(let object)?: properties = object
        default: throw Self.wrong("properties", "an object")
        }
    }

    private static func wrong(_ key: String, _ expected: String) -> RequestError {
        .badRequest("\(key) must be \(expected)")
    }

    /// The definition that this asks for, with what the stored one has and this does not say.
    ///
    /// `content` is the text that the stored source is shown with although it lies in a file; sent
    /// back unchanged, it stays in the file. Throws `.badRequest` for a redacted value without a
    /// stored one.
    package func definition(
        over stored: SourceDefinition?, shownContent content: String?, plugin: PluginDefinition
    ) throws(RequestError) -> SourceDefinition {
        var sent = properties
        if let content, stored?.properties["content"] == nil, sent["content"] == .string(content) {
            sent["content"] = nil
        }
        let properties = try SecretRedaction.restored(sent, from: stored?.properties)
        let isUnmoved = stored?.type == type && stored?.properties == properties
        return SourceDefinition(
            plugin: plugin.name, id: id, name: name, type: type, enabled: enabled,
            labels: labels ?? stored?.labels ?? [], properties: properties,
            includedItems: includedItems ?? stored?.includedItems ?? [],
            excludedItems: excludedItems ?? stored?.excludedItems ?? [],
            originDirectory: isUnmoved ? stored?.originDirectory : nil)
    }
}
