import Compression

/// What clients accept as content codings, remembered by the bytes of their headers.
///
/// The reading is `AcceptEncoding`'s own; it is done once for each of the usual headers.
struct LaneCodings {
    /// What a header comes to.
    struct Choice: Sendable {
        /// For a body that is worth compressing; nil where the client accepts no form.
        let large: ContentCoding?
        /// For any other body.
        let small: ContentCoding?
        let acceptsPlain: Bool

        fileprivate init(_ header: String?) {
            let accepted = AcceptEncoding(header)
            large = accepted.choice(isWorthCompressing: true)
            small = accepted.choice(isWorthCompressing: false)
            acceptsPlain = accepted.acceptsPlain
        }
    }

    private let none = Choice(nil)
    private var headers: [[UInt8]] = []
    private var choices: [Choice] = []
    private var next = 0

    /// What a client accepts, where an empty header stands for none.
    ///
    /// Allocates for a header that is new.
    mutating func choice(_ header: Span<UInt8>) -> Choice {
        guard !header.isEmpty else { return none }
        for place in headers.indices where isEqual(headers[place], header) {
            return choices[place]
        }
        var bytes: [UInt8] = []
        bytes.append(allOf: header)
        let choice = Choice(String(decoding: bytes, as: UTF8.self))
        if headers.count < LaneLimits.codings {
            headers.append(bytes)
            choices.append(choice)
        } else {
            (headers[next], choices[next]) = (bytes, choice)
            next = (next + 1) % LaneLimits.codings
        }
        return choice
    }

    private func isEqual(_ left: [UInt8], _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }
}
