/// The rules for ids of sources.
package enum SourceID {
    /// Throws `.badRequest` unless the id is `^[a-z0-9][a-z0-9_-]*$` and at most 63 bytes long.
    package static func validate(_ id: String) throws(RequestError) {
        guard id.utf8.count <= CatalogLimits.sourceIDBytes else {
            throw .badRequest(
                "source id \"\(id)\" exceeds maximum length of "
                    + "\(CatalogLimits.sourceIDBytes) characters")
        }
        guard isValid(id) else {
            throw .badRequest(
                "source id \"\(id)\" is invalid: must consist of lowercase alphanumeric "
                    + "characters, hyphens or underscores, and must start with an "
                    + "alphanumeric character")
        }
    }

    /// Whether the id follows the rules.
    package static func isValid(_ id: String) -> Bool {
        guard let first = id.utf8.first, first.isASCIILowercaseOrDigit else { return false }
        return id.utf8.count <= CatalogLimits.sourceIDBytes
            && id.utf8.allSatisfy {
                $0.isASCIILowercaseOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            }
    }
}
