/// The tenant that a request, an entity or a record belongs to.
package struct Namespace: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let name: String

    /// The namespace of single-tenant servers and of rows older than tenancy.
    package static let `default` = Namespace(checked: "default")

    /// The error for a request that names no namespace although it must.
    package static let missing = RequestError.badRequest(
        "namespace is required in multi-tenant mode "
            + "(use ?namespace= query param or X-Namespace header)")

    /// Takes a name of at most 63 lowercase letters, digits and inner hyphens.
    ///
    /// Throws `.badRequest` with the message that clients expect.
    package init(_ name: String) throws(RequestError) {
        guard name.utf8.count <= CatalogLimits.namespaceLength else {
            throw .badRequest(
                "namespace \"\(name)\" exceeds maximum length of "
                    + "\(CatalogLimits.namespaceLength) characters")
        }
        guard Namespace.isValid(name.utf8) else {
            throw .badRequest(
                "namespace \"\(name)\" is invalid: must consist of lowercase alphanumeric "
                    + "characters or hyphens, and must start and end with an alphanumeric character"
            )
        }
        self.name = name
    }

    private init(checked name: String) {
        self.name = name
    }

    private static func isValid(_ name: String.UTF8View) -> Bool {
        guard let first = name.first, let last = name.last else { return false }
        guard first != UInt8(ascii: "-"), last != UInt8(ascii: "-") else { return false }
        return name.allSatisfy { $0.isASCIILowercaseOrDigit || $0 == UInt8(ascii: "-") }
    }

    package static func < (left: Namespace, right: Namespace) -> Bool { left.name < right.name }

    package var description: String { name }
}
