import Compression
import Hummingbird
import Synchronization

/// A body in the forms in which it is sent; each is made once and shared by all answers.
final class ServedPage: Sendable {
    private enum Form: Sendable {
        case underWay
        case ready(ByteBuffer)
        /// Compressed it would not be smaller.
        case pointless
    }

    let identity: ByteBuffer
    private let bytes: [UInt8]
    private let forms = Mutex<[ContentCoding: Form]>([:])

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        identity = ByteBuffer(bytes: bytes)
    }

    var isWorthCompressing: Bool { bytes.count >= ServerLimits.minCompressedBytes }

    /// The form if it is ready; one lock, no work.
    func ready(_ coding: ContentCoding) -> ByteBuffer? {
        if coding == .identity { return identity }
        return forms.withLock { forms in
            if case .ready(let buffer)? = forms[coding] { return buffer }
            return nil
        }
    }

    /// The body for somebody who prefers a form; nil where `body(for:)` has to make or judge it.
    func ready(_ coding: ContentCoding, orPlain mayBePlain: Bool) -> (ContentCoding, ByteBuffer)? {
        if coding == .identity { return (.identity, identity) }
        return forms.withLock { forms in
            switch forms[coding] {
            case .ready(let buffer): (coding, buffer)
            case .pointless where mayBePlain: (.identity, identity)
            case .pointless, .underWay, nil: nil
            }
        }
    }

    /// The body in the form that a client prefers, or nil where it accepts none.
    ///
    /// Makes the form away from the caller's thread if nobody has; `onMade` hears of its bytes.
    /// While somebody makes it, others get the plain form if they accept it.
    func body(
        for accepted: AcceptEncoding, onMade: (Int) -> Void = { _ in }
    ) async -> (coding: ContentCoding, buffer: ByteBuffer)? {
        guard let coding = accepted.choice(isWorthCompressing: isWorthCompressing) else {
            return nil
        }
        if let buffer = ready(coding) { return (coding, buffer) }
        let mayBePlain = accepted.acceptsPlain
        let isMine = forms.withLock { forms in
            if forms[coding] != nil, mayBePlain { return false }
            if forms[coding] == nil { forms[coding] = .underWay }
            return true
        }
        guard isMine else { return (.identity, identity) }
        let made = await Self.encode(bytes, coding)
        let isSmaller = made.map { $0.count < bytes.count } ?? false
        guard let made, isSmaller || !mayBePlain else {
            forms.withLock { $0[coding] = .pointless }
            return mayBePlain ? (.identity, identity) : nil
        }
        let buffer = ByteBuffer(bytes: made)
        forms.withLock { $0[coding] = .ready(buffer) }
        onMade(made.count)
        return (coding, buffer)
    }

    @concurrent private static func encode(
        _ bytes: [UInt8], _ coding: ContentCoding
    ) async -> [UInt8]? {
        coding.encode(bytes)
    }
}
