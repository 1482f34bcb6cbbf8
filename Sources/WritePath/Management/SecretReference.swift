package import CatalogModel

/// Names one key of a Kubernetes Secret, as a property of a source may instead of a text.
package struct SecretReference: Sendable, Hashable {
    package let name: String
    /// Nil means the namespace in which the server looks by itself.
    package let namespace: String?
    package let key: String

    /// Names a key of a Secret.
    package init(name: String, namespace: String? = nil, key: String) {
        self.name = name
        self.namespace = namespace
        self.key = key
    }

    /// Reads an object of `name`, `key` and perhaps `namespace`; nil for any other value.
    package init?(_ value: JSONValue) {
        guard let object = value.objectValue,
            object.keys.allSatisfy({ ["name", "namespace", "key"].contains($0) }),
            let name = object["name"]?.stringValue, let key = object["key"]?.stringValue
        else { return nil }
        let namespace = object["namespace"] ?? .null
        guard namespace.isNull || namespace.stringValue != nil else { return nil }
        self.init(name: name, namespace: namespace.stringValue, key: key)
    }
}

/// Where Secrets are read from.
package protocol SecretSource: Sendable {
    /// The text of a reference; `namespace` is where it points if it names none, nil for the server's.
    ///
    /// Throws `.notFound`, `.badRequest`, `.forbidden`, or `.unavailable` when waiting may help.
    func text(
        of reference: SecretReference, in namespace: String?
    ) async throws(RequestError) -> String
}

/// Puts the texts of Secrets in the place of the references to them, for the providers alone.
package struct SecretResolver: Sendable {
    private let source: (any SecretSource)?
    /// Whether a namespace of the catalog is one of the cluster and sees no other.
    private let isConfined: Bool

    /// Takes where Secrets come from; without it every reference is a problem of its source.
    package init(_ source: (any SecretSource)? = nil, isConfined: Bool = false) {
        self.source = source
        self.isConfined = isConfined
    }

    /// The definition with the texts of its Secrets; it must not be kept or shown.
    ///
    /// Throws a `LoadError` for what is wrong with a reference, and `RequestError.unavailable`
    /// when the cluster does not answer.
    package func resolved(
        _ definition: SourceDefinition, in namespace: Namespace
    ) async throws -> SourceDefinition {
        var definition = definition
        for member in definition.properties.members {
            guard let reference = SecretReference(member.value) else { continue }
            do throws(RequestError) {
                definition.properties[member.key] = .string(
                    try await text(of: reference, definition, namespace))
            } catch {
                guard error.code != .unavailable else { throw error }
                throw LoadError(
                    .invalidField, file: "sources",
                    "property \"\(member.key)\" refers to Secret \"\(reference.name)\": "
                        + error.message)
            }
        }
        return definition
    }

    private func text(
        of reference: SecretReference, _ definition: SourceDefinition, _ namespace: Namespace
    ) async throws(RequestError) -> String {
        guard let source else {
            throw .badRequest("the server does not run in a Kubernetes cluster")
        }
        // What the operator's own files say is the operator's; tenants have their own Secrets only.
        let isTenants = isConfined && definition.originDirectory == nil
        if isTenants, let named = reference.namespace, named != namespace.name {
            throw .forbidden("Secrets of another namespace cannot be used")
        }
        return try await source.text(of: reference, in: isTenants ? namespace.name : nil)
    }
}
