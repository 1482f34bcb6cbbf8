/// Sets of ASCII characters, each two machine words; bytes beyond ASCII belong to none.
struct ByteClass: Sendable {
    private let low: UInt64
    private let high: UInt64

    init(_ characters: String) {
        var (low, high): (UInt64, UInt64) = (0, 0)
        for byte in characters.utf8 {
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte & 63) }
        }
        (self.low, self.high) = (low, high)
    }

    func contains(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        return (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 == 1
    }

    private static let alphanumerics =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    /// What a path may consist of; no escapes.
    static let path = ByteClass(alphanumerics + "-._~!$&'()*+,;=:@/")
    /// What a query may consist of; escapes and plus signs are not read but compared.
    static let query = ByteClass(alphanumerics + "-._~:@/,=&%+!$'()*;?")
    /// What a value of a query may consist of that is read: it stands for itself.
    static let plainQuery = ByteClass(alphanumerics + "-._~:@/,=")
    /// What a header name may consist of (RFC 9110, section 5.6.2).
    static let token = ByteClass(alphanumerics + "!#$%&'*+-.^_`|~")
    /// What the value of `Host` may consist of.
    static let host = ByteClass(alphanumerics + "-._:[]")
}
