/// The bounds of the fast lane; what exceeds one goes to the router.
enum LaneLimits {
    /// Bytes of a request's head.
    static let headBytes = 8 << 10
    /// Bytes of a request's path and query.
    static let targetBytes = 2 << 10
    /// Header fields of a request.
    static let fields = 64
    /// Bytes of an entity's body; larger ones are written under the router's back pressure.
    static let bodyBytes = 64 << 10
    /// Bytes of a page that are copied into the output; a larger one is sent as it lies.
    static let copiedPageBytes = 4 << 10
    /// Values of `Accept-Encoding` that an event loop remembers.
    static let codings = 8
    /// Answers of discovery that an event loop has at hand.
    static let discoveries = 32
    /// Bytes of answers that gather before they are handed to the connection.
    static let batchBytes = 64 << 10
    /// Bytes of output buffer that an event loop begins with.
    static let firstOutputBytes = 4 << 10
    /// Bytes of output buffer that an event loop keeps between its turns.
    static let keptOutputBytes = 256 << 10
    /// Namespaces that an event loop has at hand; others cost a look into the directory.
    static let namespaces = 4_096
    /// Of these, those whose names have one hash.
    static let namespacesOfHash = 8
    /// Nanoseconds for which a rendered date is good.
    static let dateNanoseconds: Int64 = 500_000_000
}
