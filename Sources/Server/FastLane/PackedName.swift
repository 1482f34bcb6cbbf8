/// The beginning of a header name in lower case, in two machine words.
///
/// Comparing takes a few instructions and touches no memory. Names that are longer than sixteen
/// bytes are equal to none that is kept so, but may begin like one.
struct PackedName: Sendable, Hashable {
    static let maximumBytes = 16

    private var low: UInt64 = 0
    private var high: UInt64 = 0
    private let count: Int

    /// Packs the bytes of a range.
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        count = range.count
        for place in 0..<min(range.count, Self.maximumBytes) {
            let byte = bytes[range.lowerBound + place]
            let isCapital = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            let folded = UInt64(isCapital ? byte | 0x20 : byte)
            if place < 8 {
                low |= folded << UInt64(8 * place)
            } else {
                high |= folded << UInt64(8 * (place - 8))
            }
        }
    }

    /// Packs a text of at most sixteen bytes.
    init(_ text: String) {
        let bytes = Array(text.utf8)
        precondition(bytes.count <= Self.maximumBytes, "a known name fits into two words")
        self.init(bytes.span, 0..<bytes.count)
    }

    /// Whether the name begins with another one.
    func hasPrefix(_ other: PackedName) -> Bool {
        other.count <= count && (low ^ other.low) & Self.mask(other.count) == 0
            && (high ^ other.high) & Self.mask(other.count - 8) == 0
    }

    /// The bits of so many bytes of a word.
    private static func mask(_ bytes: Int) -> UInt64 {
        bytes >= 8 ? .max : bytes <= 0 ? 0 : 1 << UInt64(8 * bytes) - 1
    }
}
