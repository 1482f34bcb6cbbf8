import CatalogModel
import WritePath

/// Reads Secrets by the Kubernetes API, as far as the service account may.
struct KubernetesSecrets: SecretSource {
    let client: KubernetesClient

    func text(
        of reference: SecretReference, in namespace: String?
    ) async throws(RequestError) -> String {
        var place = reference.namespace ?? namespace
        if place == nil { place = await client.podNamespace() }
        let space = place ?? "default"
        guard KubernetesName.isNamespace(space), KubernetesName.isValid(reference.name) else {
            throw .badRequest("that is no name of a Secret in Kubernetes")
        }
        let object: JSONValue
        do {
            object = try await client.get("/api/v1/namespaces/\(space)/secrets/\(reference.name)")
        } catch {
            throw Self.failure(error, space)
        }
        guard let text = object["data"]?[reference.key]?.stringValue else {
            throw .notFound("it has no key \"\(reference.key)\"")
        }
        guard let bytes = Self.decoded(text), let value = String(validating: bytes, as: UTF8.self)
        else { throw .badRequest("its key \"\(reference.key)\" holds no text") }
        return value
    }

    private static func failure(_ error: KubernetesError, _ namespace: String) -> RequestError {
        switch error.code {
        case .notFound: .notFound("there is no such Secret in namespace \"\(namespace)\"")
        case .forbidden, .unauthorized:
            .forbidden("the server may not read Secrets in namespace \"\(namespace)\"")
        case .unavailable: .unavailable("the Kubernetes API is not available at present")
        default: RequestError(.internalError, "the Kubernetes API refused the request")
        }
    }

    /// Decodes Base64 in its usual alphabet with padding.
    private static func decoded(_ text: String) -> [UInt8]? {
        var bytes = Array(text.utf8)
        while bytes.last == UInt8(ascii: "=") { bytes.removeLast() }
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "+") { bytes[index] = UInt8(ascii: "-") }
            if byte == UInt8(ascii: "/") { bytes[index] = UInt8(ascii: "_") }
        }
        return Base64URL.decode(String(decoding: bytes, as: UTF8.self))
    }
}
