import CatalogModel

/// One entity as the cache stores it: fixed numbers, filterable values, and the rendered body.
///
/// Layout, little-endian: checksum 0, id 8, version 16, revision 24, digest 32, created 40,
/// updated 48, lengths of fields 56, body 60, doc 64 (4 bytes each), name 68, source 70 (2 each);
/// then from 72 on name, source, fields, body, and the doc where the body does not show all of it.
enum CacheRecord {
    static let fixedBytes = 72
    /// Longer strings stay out of the fields section and are read from the body when a filter asks.
    static let maxInlineFieldBytes = 256
    /// Longer strings are not repeated where the body shows them as they are.
    static let maxRepeatedFieldBytes = 48

    enum FieldTag: UInt8 {
        case missing = 0
        case string = 1
        case integer = 2
        case double = 3
        case boolean = 4
        case strings = 5
        case longString = 6
        /// Offset and length inside the body.
        case bodyString = 7
    }

    /// A record with the values that its index entries are made of.
    struct Built {
        let bytes: [UInt8]
        /// The values of the indexed fields, in the order of their numbers.
        let indexed: [FieldValue]
        let nameKey: [UInt8]
        let digest: UInt64
    }

    /// Renders and encodes one entity; for many, a builder is kept.
    static func build(
        _ entity: StoredEntity, kind: KindTable.Entry, hasDigest: Bool = true
    ) -> Built {
        var builder = RecordBuilder(kind)
        return builder.build(entity, hasDigest: hasDigest)
    }

    /// Puts a record together from its parts, behind what there is.
    static func append(
        _ entity: StoredEntity, section: [UInt8], body: [UInt8], keepsDoc: Bool, digest: UInt64,
        to bytes: inout [UInt8]
    ) {
        let doc = keepsDoc ? entity.doc.count : 0
        let name = entity.key.name.utf8
        let source = entity.key.source.utf8
        let start = bytes.count
        // Exactly, for one; whoever appends many has made room.
        if start == 0 {
            let variable = name.count + source.count + section.count + body.count + doc
            bytes.reserveCapacity(fixedBytes + variable)
        }
        bytes.append(littleEndian: UInt64(0))
        bytes.append(littleEndian: entity.id)
        bytes.append(littleEndian: entity.version)
        bytes.append(littleEndian: entity.revision.value)
        bytes.append(littleEndian: digest)
        bytes.append(littleEndian: entity.createdAtMs)
        bytes.append(littleEndian: entity.updatedAtMs)
        bytes.append(littleEndian: UInt32(section.count))
        bytes.append(littleEndian: UInt32(body.count))
        bytes.append(littleEndian: UInt32(doc))
        bytes.append(littleEndian: UInt16(name.count))
        bytes.append(littleEndian: UInt16(source.count))
        bytes.append(contentsOf: name)
        bytes.append(contentsOf: source)
        bytes += section
        bytes += body
        if keepsDoc { bytes += entity.doc }
        let sum = checksum(bytes.span.extracting(start..<bytes.count))
        for index in 0..<8 {
            bytes[start + index] = UInt8(truncatingIfNeeded: sum >> UInt64(8 * index))
        }
    }

    /// Encodes one field.
    static func append(
        _ value: FieldValue, shownIn body: [UInt8], to bytes: inout [UInt8]
    ) {
        switch value {
        case .missing:
            bytes.append(FieldTag.missing.rawValue)
        case .string(let text):
            if text.utf8.count > maxRepeatedFieldBytes, let start = place(of: text, in: body) {
                bytes.append(FieldTag.bodyString.rawValue)
                bytes.append(littleEndian: UInt32(start))
                bytes.append(littleEndian: UInt32(text.utf8.count))
                return
            }
            guard text.utf8.count <= maxInlineFieldBytes else {
                bytes.append(FieldTag.longString.rawValue)
                return
            }
            bytes.append(FieldTag.string.rawValue)
            bytes.append(littleEndian: UInt32(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        case .integer(let number):
            bytes.append(FieldTag.integer.rawValue)
            bytes.append(littleEndian: number)
        case .double(let number):
            bytes.append(FieldTag.double.rawValue)
            bytes.append(littleEndian: number.bitPattern)
        case .boolean(let flag):
            bytes.append(FieldTag.boolean.rawValue)
            bytes.append(flag ? 1 : 0)
        case .strings(let texts):
            bytes.append(FieldTag.strings.rawValue)
            bytes.append(littleEndian: UInt32(texts.count))
            for text in texts {
                bytes.append(littleEndian: UInt32(text.utf8.count))
                bytes.append(contentsOf: text.utf8)
            }
        }
    }

    /// Where the body shows a text between quotes, byte for byte; nil where it does not.
    private static func place(of text: String, in body: [UInt8]) -> Int? {
        let wanted = text.utf8.span
        let shown = body.span
        let quote = UInt8(ascii: "\"")
        var start = 1
        while start + wanted.count < shown.count {
            if shown[start - 1] == quote, shown[start] == wanted[0],
                shown[start + wanted.count] == quote
            {
                var length = 1
                while length < wanted.count, shown[start + length] == wanted[length] {
                    length += 1
                }
                if length == wanted.count { return start }
            }
            start += 1
        }
        return nil
    }

    /// The checksum of everything behind the checksum's own eight bytes.
    static func checksum(_ bytes: borrowing Span<UInt8>) -> UInt64 {
        var hash = ByteHash(seed: 1)
        hash.combine(bytes.extracting(8..<bytes.count))
        return hash.value
    }
}
