package import CatalogModel

/// One decoded record, reused over a scan; answers the filter's questions about the entity.
///
/// Bound to the thread that scans. Custom properties and artifacts are parsed on first question.
package final class RecordView {
    package let kind: KindTable.Entry
    private var bytes: [UInt8] = []
    private var fieldOffsets: [Int]
    /// Whether `bytes` ends with the fields.
    private var isPartial = false
    /// Whether something was asked that only the body can tell, since the fields were loaded.
    private(set) var missesBody = false
    private var parsedBody: JSONObject?
    private var parsedArtifacts: [JSONValue]?

    package init(kind: KindTable.Entry) {
        self.kind = kind
        fieldOffsets = Array(repeating: 0, count: kind.kind.fields.count)
    }

    /// Takes a copy of a record; throws `.damaged` when the lengths do not add up.
    func load(_ record: borrowing Span<UInt8>) throws(ReadError) {
        try Self.check(record)
        bytes.removeAll(keepingCapacity: true)
        bytes.append(record)
        parsedBody = nil
        parsedArtifacts = nil
        isPartial = false
        missesBody = false
        try indexFields(through: fieldOffsets.count - 1)
    }

    /// Takes a copy of a record without its body, for questions about its fields up to one.
    ///
    /// Whoever asks for more gets `missing` and finds `missesBody` set.
    func loadFields(
        _ record: borrowing Span<UInt8>, through last: Int
    ) throws(ReadError) {
        let end = try Self.check(record)
        bytes.removeAll(keepingCapacity: true)
        bytes.append(record.extracting(0..<end))
        parsedBody = nil
        parsedArtifacts = nil
        isPartial = true
        missesBody = false
        try indexFields(through: last)
    }

    /// Checks the lengths of a record and says where its body begins.
    @discardableResult
    private static func check(_ record: borrowing Span<UInt8>) throws(ReadError) -> Int {
        guard record.count >= CacheRecord.fixedBytes else {
            throw ReadError(.damaged, "record is too short")
        }
        let bodyStart =
            CacheRecord.fixedBytes + Int(record.littleEndian16(at: 68))
            + Int(record.littleEndian16(at: 70)) + Int(record.littleEndian32(at: 56))
        let rest = Int(record.littleEndian32(at: 60)) + Int(record.littleEndian32(at: 64))
        guard bodyStart + rest == record.count else {
            throw ReadError(.damaged, "record lengths do not add up")
        }
        return bodyStart
    }

    package var id: Int64 { Int64(bitPattern: bytes.littleEndian64(at: 8)) }
    package var version: Int64 { Int64(bitPattern: bytes.littleEndian64(at: 16)) }
    package var revision: Revision { Revision(bytes.littleEndian64(at: 24)) }
    package var digest: UInt64 { bytes.littleEndian64(at: 32) }
    package var byteCount: Int { bytes.count }

    private var times: Artifact.RowTimes {
        Artifact.RowTimes(
            createdAtMs: Int64(bitPattern: bytes.littleEndian64(at: 40)),
            updatedAtMs: Int64(bitPattern: bytes.littleEndian64(at: 48)))
    }

    private var nameEnd: Int { CacheRecord.fixedBytes + Int(bytes.littleEndian16(at: 68)) }
    private var sourceEnd: Int { nameEnd + Int(bytes.littleEndian16(at: 70)) }
    private var bodyStart: Int { sourceEnd + Int(bytes.littleEndian32(at: 56)) }
    private var bodyEnd: Int { bodyStart + Int(bytes.littleEndian32(at: 60)) }

    package var name: String {
        String(decoding: bytes[CacheRecord.fixedBytes..<nameEnd], as: UTF8.self)
    }
    package var source: String { String(decoding: bytes[nameEnd..<sourceEnd], as: UTF8.self) }
    /// The rendered body, ready to be sent.
    package var body: ArraySlice<UInt8> { bytes[bodyStart..<bodyEnd] }

    /// Whether the bytes are those that were written.
    func isIntact() -> Bool {
        let record = bytes
        return record.count >= CacheRecord.fixedBytes
            && record.littleEndian64(at: 0) == CacheRecord.checksum(record.span)
    }

    /// All field values, for removing the entity's index entries.
    func allFields() -> [FieldValue] {
        fieldOffsets.indices.map { value(ofField: $0) }
    }

    private func indexFields(through last: Int) throws(ReadError) {
        // Locals, because each access to a property of a class is checked for exclusivity.
        let bytes = bytes
        let fieldsEnd = bodyStart
        var offsets = fieldOffsets
        fieldOffsets = []
        defer { fieldOffsets = offsets }
        var offset = sourceEnd
        for number in offsets.indices where number <= last {
            guard offset < fieldsEnd, let tag = CacheRecord.FieldTag(rawValue: bytes[offset]) else {
                throw ReadError(.damaged, "record fields are malformed")
            }
            offsets[number] = offset
            offset += 1
            switch tag {
            case .missing, .longString: break
            case .integer, .double, .bodyString: offset += 8
            case .boolean: offset += 1
            case .string: offset += 4 + (try Self.length(in: bytes, at: offset, before: fieldsEnd))
            case .strings:
                let count = try Self.length(in: bytes, at: offset, before: fieldsEnd)
                offset += 4
                for _ in 0..<count {
                    offset += 4 + (try Self.length(in: bytes, at: offset, before: fieldsEnd))
                }
            }
        }
        guard offset == fieldsEnd || last < offsets.count - 1 else {
            throw ReadError(.damaged, "record fields are malformed")
        }
    }

    private static func length(
        in bytes: [UInt8], at offset: Int, before fieldsEnd: Int
    ) throws(ReadError) -> Int {
        guard offset + 4 <= fieldsEnd else {
            throw ReadError(.damaged, "record fields are malformed")
        }
        return Int(bytes.littleEndian32(at: offset))
    }

    /// A text that the body shows as it is.
    private func bodyText(at offset: Int) -> FieldValue {
        guard hasBody() else { return .missing }
        let start = bodyStart + Int(bytes.littleEndian32(at: offset))
        let end = start + Int(bytes.littleEndian32(at: offset + 4))
        guard start <= end, end <= bodyEnd else { return .missing }
        return .string(String(decoding: bytes[start..<end], as: UTF8.self))
    }

    /// Whether the body is there; notes the question where it is not.
    private func hasBody() -> Bool {
        if isPartial { missesBody = true }
        return !isPartial
    }

    private func text(at offset: Int) -> String {
        let count = Int(bytes.littleEndian32(at: offset))
        return String(decoding: bytes[(offset + 4)..<(offset + 4 + count)], as: UTF8.self)
    }

    private func object() -> JSONObject {
        guard hasBody() else { return JSONObject() }
        if let parsedBody { return parsedBody }
        var object = JSONObject()
        if case .object(let parsed)? = try? JSONParser.parse(Array(body)) {
            object = parsed
        }
        parsedBody = object
        return object
    }

    private func artifacts() -> [JSONValue] {
        guard hasBody() else { return [] }
        if let parsedArtifacts { return parsedArtifacts }
        var list: [JSONValue] = []
        if bodyEnd < bytes.count,
            case .object(let doc)? = try? JSONParser.parse(Array(bytes[bodyEnd...])),
            case .array(let items)? = doc["artifacts"]
        {
            list = items
        }
        parsedArtifacts = list
        return list
    }
}

extension RecordView: FilterRecord {
    package func value(ofField number: Int) -> FieldValue {
        let offset = fieldOffsets[number]
        switch CacheRecord.FieldTag(rawValue: bytes[offset]) {
        case .string:
            return .string(text(at: offset + 1))
        case .integer:
            return .integer(Int64(bitPattern: bytes.littleEndian64(at: offset + 1)))
        case .double:
            return .double(Double(bitPattern: bytes.littleEndian64(at: offset + 1)))
        case .boolean:
            return .boolean(bytes[offset + 1] == 1)
        case .strings:
            var texts: [String] = []
            var next = offset + 5
            for _ in 0..<Int(bytes.littleEndian32(at: offset + 1)) {
                texts.append(text(at: next))
                next += 4 + Int(bytes.littleEndian32(at: next))
            }
            return .strings(texts)
        case .bodyString:
            return bodyText(at: offset + 1)
        case .longString:
            let field = kind.kind.fields[number]
            // The body need not show these two: a document that is no entity is its own body.
            if field.name == "name" { return .string(name) }
            if field.origin == .source { return .string(source) }
            var value: JSONValue = .object(object())
            for key in field.path {
                guard case .object(let inner) = value, let next = inner[key] else {
                    return .missing
                }
                value = next
            }
            return FieldValue(plain: value)
        case .missing, nil:
            return .missing
        }
    }

    package func customValue(_ name: String) -> FieldValue {
        guard case .object(let properties)? = object()["customProperties"],
            let value = properties[name]
        else { return .missing }
        return FieldValue(property: value)
    }

    package var artifactCount: Int { artifacts().count }

    package func artifactValue(_ index: Int, _ name: String) -> FieldValue {
        if name == "id" { return .integer(Artifact.id(at: index, modelID: id)) }
        return ArtifactShape.value(of: artifacts()[index], name)
    }

    /// The custom properties as the body shows them.
    var customProperties: JSONObject? { object()["customProperties"]?.objectValue }

    /// The artifacts as the document holds them.
    var artifactElements: [JSONValue] { artifacts() }

    /// The artifacts as clients see them.
    func artifactList() -> [Artifact] {
        artifacts().enumerated().map { index, element in
            Artifact(element, at: index, modelID: id, timesOf: times)
        }
    }
}
