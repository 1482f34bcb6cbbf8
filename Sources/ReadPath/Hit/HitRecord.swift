import CatalogModel

/// A stored record read in place: the parts that a get needs, at the offsets of `CacheRecord`.
struct HitRecord: ~Escapable {
    private let bytes: Span<UInt8>
    private let nameEnd: Int
    private let sourceEnd: Int
    private let bodyStart: Int
    private let bodyEnd: Int
    /// Whether the lengths add up; nothing else may be asked of a record that is not whole.
    let isWhole: Bool

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
        guard bytes.count >= CacheRecord.fixedBytes else {
            (nameEnd, sourceEnd, bodyStart, bodyEnd) = (0, 0, 0, 0)
            isWhole = false
            return
        }
        nameEnd = CacheRecord.fixedBytes + Int(bytes.littleEndian16(at: 68))
        sourceEnd = nameEnd + Int(bytes.littleEndian16(at: 70))
        bodyStart = sourceEnd + Int(bytes.littleEndian32(at: 56))
        bodyEnd = bodyStart + Int(bytes.littleEndian32(at: 60))
        isWhole = bodyEnd + Int(bytes.littleEndian32(at: 64)) == bytes.count
    }

    /// The validator of the entity.
    var tag: EntityTag {
        EntityTag(
            revision: Revision(bytes.littleEndian64(at: 24)), digest: bytes.littleEndian64(at: 32))
    }

    /// The rendered body, ready to be sent.
    var body: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(bodyStart..<bodyEnd) }
    }

    /// Whether the entity has exactly this name.
    func isNamed(_ name: Span<UInt8>) -> Bool {
        equals(name, from: CacheRecord.fixedBytes, to: nameEnd)
    }

    /// Whether the entity comes from exactly this source.
    func isFrom(_ source: Span<UInt8>) -> Bool {
        equals(source, from: nameEnd, to: sourceEnd)
    }

    private func equals(_ other: Span<UInt8>, from start: Int, to end: Int) -> Bool {
        guard other.count == end - start else { return false }
        for index in 0..<other.count where bytes[start + index] != other[index] { return false }
        return true
    }
}
