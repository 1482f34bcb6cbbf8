import NIOCore

/// One connection in front, as a value without I/O: what is kept of it, and what comes next.
///
/// It reads or it writes, never both: while something is unsent nothing is read. Bytes that were
/// read and not answered are held in their order. Times are nanoseconds of one clock.
struct FrontConnection: Sendable, Hashable {
    /// How long things may take.
    struct Times: Sendable, Hashable {
        /// Without a request, or without progress of an answer.
        let idle: Int64
        /// For a request that is on its way when the server stops.
        let grace: Int64
        /// For a client to close its side of a connection that has ended.
        let linger: Int64
    }

    /// What to do with bytes that have come.
    enum Reading: Sendable, Hashable {
        case answer
        case handOver
        case discard
    }

    /// What to do because time has passed.
    enum Due: Sendable, Hashable {
        case nothing
        case close
        /// Say that nothing follows, then call `linger`.
        case endOutput
    }

    private enum Phase: Sendable, Hashable {
        case closed
        case serving
        /// The server stops; a request that still comes is the router's, which announces the end.
        case draining(since: Int64)
        /// The end has been said; what still comes is nobody's.
        case lingering(since: Int64)
    }

    /// Whether the peer's identity headers count.
    let isTrusted: Bool
    private var phase: Phase
    private var lastActive: Int64
    /// Bytes that were read and are not answered.
    private(set) var held: [UInt8] = []
    /// Answers that wait for the client to read; empty when it is only another one's turn.
    private(set) var unsent: ByteBuffer?
    /// Whether the bytes that were held behind them ended because the buffer was full.
    private(set) var isHeldCut = false

    init(isTrusted: Bool, now: Int64) {
        self.isTrusted = isTrusted
        lastActive = now
        phase = .serving
    }

    private init() {
        isTrusted = false
        lastActive = 0
        phase = .closed
    }

    /// A place without a connection.
    static let closed = FrontConnection()

    var isOpen: Bool { phase != .closed }

    /// Whether it waits for the client to read.
    var isWriting: Bool { unsent != nil }

    /// What to do with bytes that have come.
    var reading: Reading {
        switch phase {
        case .serving: .answer
        case .draining: .handOver
        case .closed, .lingering: .discard
        }
    }

    /// Something was answered, or the client has read on.
    mutating func wasActive(now: Int64) { lastActive = now }

    /// Keeps the beginning of a request whose end is still to come.
    mutating func hold(_ bytes: Span<UInt8>) {
        held.removeAll(keepingCapacity: true)
        held.append(allOf: bytes)
    }

    /// Keeps answers that could not be sent and the requests behind them.
    mutating func pause(unsent: ByteBuffer, held bytes: Span<UInt8>, isBufferFull: Bool) {
        self.unsent = unsent
        isHeldCut = isBufferFull
        hold(bytes)
    }

    /// The client has read a part of what waits; this is left.
    mutating func sendLater(_ rest: ByteBuffer) { unsent = rest }

    /// Everything has been sent; what is held comes next.
    mutating func resume() { unsent = nil }

    /// Moves what is held to the beginning of a buffer; returns how many bytes that are.
    mutating func release(into buffer: inout [UInt8]) -> Int {
        guard !held.isEmpty else { return 0 }
        let count = held.count
        precondition(count <= buffer.count, "what was held came out of such a buffer")
        for index in 0..<count { buffer[index] = held[index] }
        held = []
        return count
    }

    /// Whether bytes that the lane did not answer may be the beginning of a request that it will.
    ///
    /// Only where they end because the buffer was full. Whatever else is not whole is the decoder's,
    /// which knows what to say to it and how long to wait.
    static func mayContinue(_ count: Int, isBufferFull: Bool) -> Bool {
        isBufferFull && count < LaneLimits.headBytes
    }

    /// The server stops.
    mutating func drain(now: Int64) {
        if phase == .serving { phase = .draining(since: now) }
    }

    /// The client was told that nothing follows.
    mutating func linger(now: Int64) { phase = .lingering(since: now) }

    /// What is due by now.
    func due(now: Int64, _ times: Times) -> Due {
        switch phase {
        case .closed: .nothing
        case .lingering(let since): now - since >= times.linger ? .close : .nothing
        case .draining(let since):
            if isWriting {
                isIdle(now, times) ? .close : .nothing
            } else {
                now - max(since, lastActive) >= times.grace ? .endOutput : .nothing
            }
        case .serving: isIdle(now, times) ? .close : .nothing
        }
    }

    private func isIdle(_ now: Int64, _ times: Times) -> Bool { now - lastActive >= times.idle }
}
