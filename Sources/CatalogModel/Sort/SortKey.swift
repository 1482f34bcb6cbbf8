/// Bytes whose unsigned lexicographic order is the order in which lists show entities.
///
/// Order: missing, false, true, numbers, folded texts. No key is the beginning of another one, so
/// that an id may follow it. Texts beyond the limit compare equal where their beginnings do.
package struct SortKey: Hashable, Sendable, Comparable {
    package let bytes: [UInt8]

    private enum Tag {
        static let missing: UInt8 = 0x01
        static let boolean: UInt8 = 0x02
        static let number: UInt8 = 0x03
        static let text: UInt8 = 0x04
        static let missingLast: UInt8 = 0x7F
    }

    /// The longest key: a tag, the text's bytes, an end mark.
    package static let maximumBytes = CatalogLimits.sortKeyTextBytes + 2

    /// Encodes a value.
    package init(_ value: FieldValue, missingLast: Bool = false) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        SortKey.encode(value, missingLast: missingLast, into: &bytes)
        self.bytes = bytes
    }

    /// Takes bytes that were encoded before.
    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Appends a value's key; `missingLast` puts absent values behind all others.
    package static func encode(
        _ value: FieldValue, missingLast: Bool = false, into buffer: inout [UInt8]
    ) {
        switch value {
        case .missing: buffer.append(missingLast ? Tag.missingLast : Tag.missing)
        case .boolean(let flag):
            buffer.append(Tag.boolean)
            buffer.append(flag ? 1 : 0)
        case .integer(let integer): encode(Double(integer), into: &buffer)
        case .double(let double):
            if double.isNaN {
                encode(.missing, missingLast: missingLast, into: &buffer)
            } else {
                encode(double, into: &buffer)
            }
        case .string(let text): encode(text, into: &buffer)
        case .strings(let texts): encode(texts.joined(separator: ","), into: &buffer)
        }
    }

    private static func encode(_ number: Double, into buffer: inout [UInt8]) {
        buffer.append(Tag.number)
        // Adding zero turns the negative zero into the positive one.
        let bits = (number + 0).bitPattern
        let sign: UInt64 = 1 << 63
        BigEndian.append(bits & sign == 0 ? bits | sign : ~bits, to: &buffer)
    }

    private static func encode(_ text: String, into buffer: inout [UInt8]) {
        buffer.append(Tag.text)
        let folded = Fold.fold(text)
        let bytes = folded.utf8.span
        for index in 0..<min(bytes.count, CatalogLimits.sortKeyTextBytes) {
            // The end mark must not occur inside.
            buffer.append(max(bytes[index], 1))
        }
        buffer.append(0)
    }

    package static func < (left: SortKey, right: SortKey) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
