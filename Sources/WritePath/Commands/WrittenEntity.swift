import CatalogModel

/// An entity as the transaction sees it, with what an answer says about it.
struct WrittenEntity {
    let entity: StoredEntity
    let digest: UInt64
    let kind: KindDefinition

    var tag: EntityTag { EntityTag(revision: entity.revision, digest: digest) }

    /// The small value that the audit log keeps.
    var auditValue: JSONObject { AuditWriter.value(tag: tag, version: entity.version) }

    /// The stored document; throws `.internalError` for one that no client could have written.
    func document() throws(RequestError) -> JSONObject {
        guard let object = (try? JSONParser.parse(entity.doc))?.objectValue else {
            throw RequestError(.internalError, "the stored \(kind.notFoundNoun) cannot be read")
        }
        return object
    }

    /// The body that a get answers, and a newline.
    func body() throws(RequestError) -> [UInt8] {
        var body: [UInt8] = []
        EntityRenderer.append(entity, document: try document(), kind: kind, to: &body)
        body.append(UInt8(ascii: "\n"))
        return body
    }

    /// The path of the entity; slashes of the name stay as they are.
    var location: String {
        kind.getTemplate.replacing("{source_id}", with: entity.key.source)
            .replacing("{name}", with: WrittenEntity.encoded(entity.key.name))
    }

    private static func encoded(_ name: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in name.utf8 {
            let isPlain =
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) && byte < 0x80
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || "-._~/".utf8.contains(byte)
            if isPlain {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
