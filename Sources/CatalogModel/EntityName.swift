/// The rules for names of entities.
package enum EntityName {
    /// Endings that routes give a meaning of their own, so that no name may have them.
    package static let reservedEndings = [":batch", ":action", ":cancel", ":validate", ":rollback"]

    /// Throws `.badRequest` unless the name can be stored and addressed by a path.
    package static func validate(_ name: String) throws(RequestError) {
        if let reason = objection(to: name) {
            throw .badRequest("entity name \"\(name)\" is invalid: \(reason)")
        }
    }

    /// Why a name cannot be used, or nil if it can.
    package static func objection(to name: String) -> String? {
        guard let first = name.unicodeScalars.first, let last = name.unicodeScalars.last else {
            return "must not be empty"
        }
        guard name.utf8.count <= CatalogLimits.entityNameBytes else {
            return "exceeds maximum length of \(CatalogLimits.entityNameBytes) bytes"
        }
        if name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            return "must not contain control characters"
        }
        if first.properties.isWhitespace || last.properties.isWhitespace {
            return "must not start or end with white space"
        }
        // Bytes, because a mark that combines with a slash must not hide it.
        for segment in name.utf8.split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        {
            if segment.isEmpty {
                return "must not start or end with a slash or contain an empty segment"
            }
            if segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) {
                return "must not contain the segment \"\(Substring(segment))\""
            }
        }
        for ending in reservedEndings
        where name.utf8.suffix(ending.utf8.count).elementsEqual(ending.utf8) {
            return "must not end with \"\(ending)\""
        }
        return nil
    }
}
