/// Integers as bytes whose unsigned order is the order of the numbers.
enum BigEndian {
    /// Appends the number, most significant byte first.
    static func append<Number: FixedWidthInteger & UnsignedInteger>(
        _ number: Number, to buffer: inout [UInt8]
    ) {
        var shift = Number.bitWidth
        while shift > 0 {
            shift -= 8
            buffer.append(UInt8(truncatingIfNeeded: number >> Number(shift)))
        }
    }

    /// Reads a number from bytes, most significant first.
    static func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ bytes: ArraySlice<UInt8>
    ) -> Number {
        bytes.reduce(0) { $0 << 8 | Number($1) }
    }
}
