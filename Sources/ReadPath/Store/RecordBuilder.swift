import CatalogModel

/// Renders and encodes entities one after the other, in buffers that are used again.
///
/// A document as the store prints it is outlined in one pass, and its parts are copied: no value is
/// made of what is only shown. Any other goes through the parser, with the same outcome.
struct RecordBuilder {
    /// Room in the section for each field, on average; more is made as it is needed.
    private static let usualFieldBytes = 12

    private let kind: KindTable.Entry
    private let plan: BodyPlan
    private var outline = JSONOutline()
    private var body: [UInt8] = []
    private var section: [UInt8] = []
    /// Of each field the member of the document that it is, or -1.
    private var places: [Int]
    /// Of each field where its text begins in the body, or -1.
    private var shownAt: [Int]
    private var digester = EntityDigest()

    init(_ kind: KindTable.Entry) {
        self.kind = kind
        plan = kind.bodyPlan
        places = Array(repeating: -1, count: kind.kind.fields.count)
        shownAt = places
        section.reserveCapacity(places.count * Self.usualFieldBytes)
    }

    /// About how many bytes so many records have, a little too many.
    func roughBytes(rows: Int, documentBytes: Int) -> Int {
        let shown = documentBytes + documentBytes / 8
        return rows * (2 * CacheRecord.fixedBytes + places.count * Self.usualFieldBytes)
            + (kind.hasHiddenFields ? 2 * shown : shown)
    }

    /// Renders and encodes one entity; a few microseconds per KiB.
    ///
    /// A document that is not a plain entity (written past the API) is stored as it is: its body is
    /// the document's own text, and only its name and source can be filtered on.
    ///
    /// Without its digest it is good for lists only, which do not show it.
    mutating func build(_ entity: StoredEntity, hasDigest: Bool = true) -> CacheRecord.Built {
        var bytes: [UInt8] = []
        var indexed: [FieldValue] = []
        indexed.reserveCapacity(kind.indexedFields.count)
        let digest = append(entity, to: &bytes, indexed: &indexed, hasDigest: hasDigest)
        return CacheRecord.Built(
            bytes: bytes, indexed: indexed, nameKey: SortKey.nameKey(entity.key.name),
            digest: digest)
    }

    /// The same behind other records and their indexed values; returns the digest.
    mutating func append(
        _ entity: StoredEntity, to records: inout [UInt8], indexed: inout [FieldValue],
        hasDigest: Bool = true
    ) -> UInt64 {
        body.removeAll(keepingCapacity: true)
        section.removeAll(keepingCapacity: true)
        // A body is about as long as its document; twice as much, so that the next ones fit as well.
        if body.capacity < entity.doc.count { body.reserveCapacity(2 * entity.doc.count) }
        var keepsDoc = kind.hasHiddenFields
        if outline.read(entity.doc.span) {
            render(entity)
            for number in places.indices {
                let value = encode(number, of: entity)
                if kind.isIndexed[number] { indexed.append(value) }
            }
        } else {
            let values = parsed(entity, &keepsDoc)
            for value in values { CacheRecord.append(value, shownIn: body, to: &section) }
            for number in kind.indexedFields { indexed.append(values[number]) }
        }
        let digest = hasDigest ? digester.digest(of: entity) : 0
        CacheRecord.append(
            entity, section: section, body: body, keepsDoc: keepsDoc, digest: digest, to: &records)
        return digest
    }

    /// The way through the parser; for all documents the one that says what is right.
    private mutating func parsed(
        _ entity: StoredEntity, _ keepsDoc: inout Bool
    ) -> [FieldValue] {
        if case .object(let doc)? = try? JSONParser.parse(entity.doc) {
            EntityRenderer.append(entity, document: doc, kind: kind.kind, to: &body)
            return FieldExtractor.values(of: entity, document: doc, kind: kind.kind)
        }
        body += entity.doc
        keepsDoc = false
        return kind.kind.fields.map { field in
            if field.name == "name" { return .string(entity.key.name) }
            return field.origin == .source ? .string(entity.key.source) : .missing
        }
    }
}

/// The body.
extension RecordBuilder {
    private mutating func render(_ entity: StoredEntity) {
        for number in places.indices { (places[number], shownAt[number]) = (-1, -1) }
        // One bit for each member that is no field; an outline has at most 32.
        var extras: UInt64 = 0
        for (position, member) in outline.members.enumerated() {
            if case .null = member.form { continue }
            switch plan.role(of: member.key, in: entity.doc.span) {
            case .field(let number): places[number] = position
            case .extra: extras |= 1 << UInt64(position)
            case .ignored: break
            }
        }
        body.append(UInt8(ascii: "{"))
        for number in plan.shown { show(number, of: entity) }
        while extras != 0 {
            let member = outline.members[extras.trailingZeroBitCount]
            extras &= extras - 1
            separate()
            body.append(UInt8(ascii: "\""))
            body.append(entity.doc.span.extracting(member.key))
            body.append(UInt8(ascii: "\""))
            body.append(UInt8(ascii: ":"))
            append(member, of: entity)
        }
        if let last = plan.last {
            label(last)
            JSONWriter.append(entity.key.source, to: &body)
        }
        body.append(UInt8(ascii: "}"))
    }

    private mutating func separate() {
        if body.count > 1 { body.append(UInt8(ascii: ",")) }
    }

    private mutating func label(_ number: Int) {
        separate()
        let label = plan.labels[number]
        body.append(label.span)
    }

    private mutating func show(_ number: Int, of entity: StoredEntity) {
        let content = plan.fields[number].content
        switch content {
        case .id:
            label(number)
            JSONWriter.append(String(entity.id), to: &body)
        case .source:
            label(number)
            JSONWriter.append(entity.key.source, to: &body)
        case .createTime, .updateTime:
            label(number)
            JSONWriter.append(String(time(number, of: entity)), to: &body)
        case .name:
            label(number)
            JSONWriter.append(entity.key.name, to: &body)
        case .license, .member:
            guard places[number] >= 0 else { return }
            let member = outline.members[places[number]]
            label(number)
            if case .license = content, let text = text(of: member, entity) {
                return JSONWriter.append(LicenseName.readable(text), to: &body)
            }
            shownAt[number] = body.count + 1
            append(member, of: entity)
        case .nested:
            break
        }
    }

    private mutating func append(_ member: JSONOutline.Member, of entity: StoredEntity) {
        switch member.form {
        case .array, .object: JSONOutline.appendCompact(entity.doc, member.value, to: &body)
        default: body.append(entity.doc.span.extracting(member.value))
        }
    }

    /// The document's own time where the kind keeps it, else the row's.
    private func time(_ number: Int, of entity: StoredEntity) -> Int64 {
        if kind.kind.keepsDocumentTimes, places[number] >= 0,
            let text = text(of: outline.members[places[number]], entity), let time = Int64(text)
        {
            return time
        }
        if case .createTime = plan.fields[number].content { return entity.createdAtMs }
        return entity.updatedAtMs
    }

    /// The text of a string; nil for other values.
    private func text(of member: JSONOutline.Member, _ entity: StoredEntity) -> String? {
        switch member.form {
        case .string:
            let inner = (member.value.lowerBound + 1)..<(member.value.upperBound - 1)
            return String(decoding: entity.doc[inner], as: UTF8.self)
        case .escapedString: return value(of: member, entity)?.stringValue
        default: return nil
        }
    }

    private func value(of member: JSONOutline.Member, _ entity: StoredEntity) -> JSONValue? {
        try? JSONParser.parse(Array(entity.doc[member.value]))
    }
}

/// The values that lists compare.
extension RecordBuilder {
    /// Encodes one field; returns its value if it has an index.
    private mutating func encode(_ number: Int, of entity: StoredEntity) -> FieldValue {
        let field = plan.fields[number]
        var value = FieldValue.missing
        if field.comparison != .never {
            switch field.content {
            case .id: value = .integer(entity.id)
            case .source: value = .string(entity.key.source)
            case .createTime, .updateTime: value = .integer(time(number, of: entity))
            case .name: value = .string(entity.key.name)
            case .license:
                if places[number] >= 0,
                    let text = text(of: outline.members[places[number]], entity)
                {
                    value = .string(LicenseName.readable(text))
                }
            case .member:
                guard places[number] >= 0 else { break }
                let member = outline.members[places[number]]
                if case .string = member.form, field.comparison == .string {
                    return encodeText(number, member, of: entity)
                }
                value = self.value(number, member, field, entity)
            case .nested:
                value = nested(number, entity)
            }
        }
        CacheRecord.append(value, shownIn: body, to: &section)
        return value
    }

    /// A text that body and document show as it is; long ones are found in the body.
    private mutating func encodeText(
        _ number: Int, _ member: JSONOutline.Member, of entity: StoredEntity
    ) -> FieldValue {
        let inner = (member.value.lowerBound + 1)..<(member.value.upperBound - 1)
        let isShown = shownAt[number] >= 0
        if inner.count > CacheRecord.maxRepeatedFieldBytes, isShown {
            section.append(CacheRecord.FieldTag.bodyString.rawValue)
            section.append(littleEndian: UInt32(shownAt[number]))
            section.append(littleEndian: UInt32(inner.count))
        } else if inner.count <= CacheRecord.maxInlineFieldBytes {
            section.append(CacheRecord.FieldTag.string.rawValue)
            section.append(littleEndian: UInt32(inner.count))
            section.append(entity.doc.span.extracting(inner))
        } else {
            section.append(CacheRecord.FieldTag.longString.rawValue)
        }
        guard kind.isIndexed[number] else { return .missing }
        return .string(String(decoding: entity.doc[inner], as: UTF8.self))
    }

    private func value(
        _ number: Int, _ member: JSONOutline.Member, _ field: BodyPlan.Field,
        _ entity: StoredEntity
    ) -> FieldValue {
        switch (field.comparison, member.form) {
        case (.boolean, .boolean(let flag)): return .boolean(flag)
        case (.boolean, _): return .missing
        case (.integer, .integer):
            return .integer(Self.integer(entity.doc.span.extracting(member.value)))
        default:
            guard let value = value(of: member, entity) else { return .missing }
            return FieldExtractor.comparable(value, kind.kind.fields[number])
        }
    }

    /// An integer of at most 18 digits, which cannot overflow.
    private static func integer(_ digits: borrowing Span<UInt8>) -> Int64 {
        var magnitude: Int64 = 0
        for index in digits.indices where digits[index] != UInt8(ascii: "-") {
            magnitude = magnitude * 10 + Int64(digits[index] - UInt8(ascii: "0"))
        }
        return digits[0] == UInt8(ascii: "-") ? -magnitude : magnitude
    }

    private func nested(_ number: Int, _ entity: StoredEntity) -> FieldValue {
        let field = kind.kind.fields[number]
        let outer = Array(field.path[0].utf8)
        let member = outline.members.first { entity.doc[$0.key].elementsEqual(outer) }
        guard let member, case .object(let object)? = value(of: member, entity),
            let value = FieldExtractor.find(Array(field.path.dropFirst()), in: object)
        else { return .missing }
        return FieldExtractor.comparable(value, field)
    }
}
