import CatalogModel

/// Reading the lines that another replica wrote.
extension FeedWire {
    /// Reads one line; throws `.malformedRow` for anything that no replica writes.
    package static func line(_ bytes: [UInt8]) throws(FeedError) -> Line {
        var reader = try ElementReader(bytes)
        let line: Line
        switch try reader.text() {
        case "put": line = .change(.put(try entity(&reader)))
        case "delete": line = .change(.delete(try key(&reader)))
        case "collection":
            line = .collection(
                CollectionHead(
                    plugin: try reader.text(), kind: try reader.text(),
                    revision: try reader.revision(), digest: try reader.digest(),
                    entityCount: Int(try reader.count())))
        case "head":
            guard let namespace = try? Namespace(try reader.text()) else { throw malformed }
            line = .head(
                NamespaceHead(
                    namespace: namespace, epoch: Epoch(try reader.text()),
                    revision: try reader.revision(), digest: try reader.digest(),
                    lineage: Lineage(try reader.lastText() ?? "")))
        case "revision": line = .revision(try revision(&reader))
        case "end": line = .end(try end(&reader))
        default: throw malformed
        }
        return line
    }

    package static var malformed: FeedError {
        FeedError(.malformedRow, "the upstream sent a line that cannot be read")
    }

    private static func end(_ reader: inout ElementReader) throws(FeedError) -> End {
        switch try reader.text() {
        case "batch":
            return .batch(after: try reader.revision(), behindMs: try reader.count())
        case "tooFar": return .tooFar
        case "unknown": return .unknownNamespace
        case "copied": return .copied(hasHead: try reader.flag())
        case "page":
            return .page(
                floor: try reader.revision(), after: try reader.revision(),
                digestBefore: try reader.optionalDigest())
        case "belowFloor": return .belowFloor(try reader.revision())
        case "error": return .failed(try failure(&reader))
        default: throw malformed
        }
    }

    /// The failure of the upstream; a code that is not known counts as unavailable.
    private static func failure(_ reader: inout ElementReader) throws(FeedError) -> FeedError {
        let code = try reader.text()
        let message = "the upstream says: \(try reader.text())"
        let known: [FeedError.Code] = [.uncacheable, .malformedRow, .overBudget, .behind]
        return FeedError(known.first { $0.description == code } ?? .storeUnavailable, message)
    }

    private static func key(_ reader: inout ElementReader) throws(FeedError) -> EntityKey {
        EntityKey(
            plugin: try reader.text(), kind: try reader.text(), source: try reader.text(),
            name: try reader.text())
    }

    private static func entity(_ reader: inout ElementReader) throws(FeedError) -> StoredEntity {
        StoredEntity(
            key: try key(&reader), id: try reader.number(), version: try reader.number(),
            revision: try reader.revision(), createdAtMs: try reader.number(),
            updatedAtMs: try reader.number(), doc: Array(try reader.text().utf8))
    }

    private static func revision(
        _ reader: inout ElementReader
    ) throws(FeedError) -> LoggedRevision {
        let revision = try reader.revision()
        let digest = try reader.digest()
        var changes: [LoggedChange] = []
        for element in try reader.list() {
            var reader = try ElementReader(element)
            changes.append(
                LoggedChange(
                    key: try key(&reader), isDelete: try reader.flag(),
                    version: try reader.optionalNumber(),
                    document: try reader.optionalText().map { Array($0.utf8) }))
        }
        return LoggedRevision(revision: revision, digest: digest, changes: changes)
    }
}

/// Takes the elements of one line one after the other.
struct ElementReader {
    private let elements: [JSONValue]
    private var next = 0

    init(_ bytes: [UInt8]) throws(FeedError) {
        guard let value = try? JSONParser.parse(bytes) else { throw FeedWire.malformed }
        try self.init(value)
    }

    init(_ value: JSONValue) throws(FeedError) {
        guard case .array(let elements) = value else { throw FeedWire.malformed }
        self.elements = elements
    }

    private mutating func take() throws(FeedError) -> JSONValue {
        guard next < elements.count else { throw FeedWire.malformed }
        defer { next += 1 }
        return elements[next]
    }

    private func require<Value>(_ value: Value?) throws(FeedError) -> Value {
        guard let value else { throw FeedWire.malformed }
        return value
    }

    mutating func text() throws(FeedError) -> String { try require(try take().stringValue) }
    mutating func number() throws(FeedError) -> Int64 { try require(try take().intValue) }
    mutating func flag() throws(FeedError) -> Bool { try require(try take().boolValue) }
    mutating func list() throws(FeedError) -> [JSONValue] { try require(try take().arrayValue) }

    /// A number that cannot be negative: what lies in the future would be taken for proof.
    mutating func count() throws(FeedError) -> Int64 {
        let number = try number()
        guard number >= 0 else { throw FeedWire.malformed }
        return number
    }

    mutating func revision() throws(FeedError) -> Revision { Revision(UInt64(try count())) }

    mutating func digest() throws(FeedError) -> UInt64 {
        try require(ContentDigest.value(of: try text()))
    }

    mutating func optionalDigest() throws(FeedError) -> UInt64? {
        let value = try take()
        if value.isNull { return nil }
        return try require(value.stringValue.flatMap { ContentDigest.value(of: $0) })
    }

    mutating func optionalNumber() throws(FeedError) -> Int64? {
        let value = try take()
        return value.isNull ? nil : try require(value.intValue)
    }

    /// The text behind those that every replica writes; nil from one that knows nothing of it.
    mutating func lastText() throws(FeedError) -> String? {
        next < elements.count ? try text() : nil
    }

    mutating func optionalText() throws(FeedError) -> String? {
        let value = try take()
        return value.isNull ? nil : try require(value.stringValue)
    }
}
