/// Bytes that gather until they are sent: one piece of memory that grows and is used again.
///
/// For one thread. Appending copies; nothing is allocated while everything fits into the memory
/// that is there. Inlined into its callers, because an answer is written in a dozen pieces.
@safe
package struct SendBuffer: ~Copyable {
    // SAFETY: `capacity` bytes, allocated by `init` and `move`, freed by `deinit` and `move`. The
    // first `count` of them have been written, and only those are read.
    @usableFromInline var memory: UnsafeMutableRawPointer
    @usableFromInline var capacity: Int
    @usableFromInline var used = 0

    /// Creates an empty buffer with room for so many bytes.
    package init(capacity: Int) {
        precondition(capacity > 0, "there is room for something")
        unsafe memory = .allocate(byteCount: capacity, alignment: 1)
        self.capacity = capacity
    }

    deinit { unsafe memory.deallocate() }

    /// How many bytes have gathered.
    @inlinable package var count: Int { used }

    /// What has gathered, valid until the buffer is changed.
    @inlinable package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get {
            let gathered = unsafe UnsafeRawBufferPointer(start: memory, count: used)
            let span = unsafe Span<UInt8>(_unsafeBytes: gathered)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Begins anew, and gives memory beyond so many bytes back.
    package mutating func clear(keeping limit: Int) {
        used = 0
        if capacity > limit { move(to: limit) }
    }

    /// Takes the last bytes away, so that so many are left.
    @inlinable package mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= used, "so many bytes are there")
        used = count
    }

    /// Appends some bytes.
    @inlinable package mutating func append(_ bytes: Span<UInt8>) {
        reserve(bytes.count)
        let end = unsafe memory + used
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            unsafe end.copyMemory(from: start, byteCount: source.count)
        }
        used += bytes.count
    }

    /// Appends the bytes of an array.
    @inlinable package mutating func append(_ bytes: borrowing [UInt8]) { append(bytes.span) }

    /// Appends one byte.
    @inlinable package mutating func append(_ byte: UInt8) {
        reserve(1)
        unsafe memory.storeBytes(of: byte, toByteOffset: used, as: UInt8.self)
        used += 1
    }

    /// Appends a number in decimal digits.
    @inlinable package mutating func append(decimal number: UInt64) {
        var (digits, bound): (Int, UInt64) = (1, 10)
        while digits < 20, number >= bound { (digits, bound) = (digits + 1, bound &* 10) }
        reserve(digits)
        var rest = number
        for place in stride(from: used + digits - 1, through: used, by: -1) {
            let digit = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            unsafe memory.storeBytes(of: digit, toByteOffset: place, as: UInt8.self)
            rest /= 10
        }
        used += digits
    }

    /// Appends sixteen hexadecimal digits in lower case.
    @inlinable package mutating func append(hex number: UInt64) {
        reserve(16)
        let (first, second) = (Self.digits(number >> 32), Self.digits(number & 0xFFFF_FFFF))
        unsafe memory.storeBytes(of: first.bigEndian, toByteOffset: used, as: UInt64.self)
        unsafe memory.storeBytes(of: second.bigEndian, toByteOffset: used + 8, as: UInt64.self)
        used += 16
    }

    /// The eight digits of a number of 32 bits, the first one in the highest byte: each half byte
    /// moves into a byte of its own, and all become characters at once.
    @inlinable static func digits(_ number: UInt64) -> UInt64 {
        var spread = (number | number << 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
        spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let letters = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return spread &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }

    @inlinable mutating func reserve(_ more: Int) {
        if capacity - used < more { move(to: max(2 * capacity, used + more)) }
    }

    /// Takes other memory, with what has gathered.
    @usableFromInline mutating func move(to newCapacity: Int) {
        precondition(newCapacity >= used && newCapacity > 0, "what has gathered has room")
        let other = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 1)
        unsafe other.copyMemory(from: memory, byteCount: used)
        unsafe memory.deallocate()
        unsafe memory = other
        capacity = newCapacity
    }
}
