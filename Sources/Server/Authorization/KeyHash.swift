/// Hashes keys that arrive in pieces of bytes.
///
/// The seed is the process's own, so that nobody outside can make keys meet. Equal keys are told
/// by comparison, never by their hash.
struct KeyHash {
    private static let seed = UInt64.random(in: 1 ... .max)
    private static let multiplier: UInt64 = 0x9FB2_1C65_1E98_DF25

    private var state = KeyHash.seed
    private var pending: UInt64 = 0
    private var length = 0

    mutating func add(_ byte: UInt8) {
        pending = pending << 8 | UInt64(byte)
        length += 1
        if length & 7 == 0 { mix() }
    }

    mutating func add(_ bytes: Span<UInt8>) {
        for index in bytes.indices { add(bytes[index]) }
    }

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { add(byte) }
    }

    /// The hash of everything added.
    func value() -> UInt64 {
        var copy = self
        copy.mix()
        copy.pending = UInt64(length)
        copy.mix()
        return copy.state ^ (copy.state >> 29)
    }

    private mutating func mix() {
        let product = (state ^ pending).multipliedFullWidth(by: Self.multiplier)
        state = product.high ^ product.low &+ pending
        pending = 0
    }
}
