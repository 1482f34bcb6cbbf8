/// The order of one connection: whose turn it is to answer, and when it has been idle too long.
///
/// The lane answers only while nothing that was handed on is open: no part of a request in the
/// decoder, no answer owed by the router. The decoder does not say whether it holds the beginning
/// of a request, so the last byte that is handed on goes by itself: if a request ends on it, the
/// decoder holds nothing. Times are nanoseconds of one clock.
struct LaneConnection: Sendable, Hashable {
    /// What to do when the time of idleness may be over.
    enum IdleAction: Sendable, Hashable {
        case close
        case check(afterNanoseconds: Int64)
    }

    private let idleNanoseconds: Int64
    private(set) var lastActive: Int64
    /// Requests that the router has and has not answered.
    private(set) var requestsAway = 0
    /// Whether a request has begun that has not ended.
    private(set) var isReading = false
    /// Whether the decoder may hold the beginning of a request.
    private var mayHoldBytes = false
    /// Whether everything that still comes is the decoder's.
    private(set) var isSurrendered = false

    init(idleNanoseconds: Int64, now: Int64) {
        precondition(idleNanoseconds > 0, "a connection may be idle for some time")
        self.idleNanoseconds = idleNanoseconds
        lastActive = now
    }

    /// Whether bytes that arrive now begin a request that the lane may answer.
    var isAtBoundary: Bool { mayAnswerPart && !mayHoldBytes && !isReading }

    /// Whether a request whose head was just decoded may be answered without the router.
    var mayAnswerPart: Bool { requestsAway == 0 && !isSurrendered }

    /// Hits since the router was needed last.
    private var hitsInARow = 0

    /// Whether a connection that was lent may go back: nothing is open, and the router was not
    /// needed for a while.
    var mayReturn: Bool { isAtBoundary && hitsInARow >= FrontLimits.hitsBeforeReturn }

    /// The lane has answered requests.
    mutating func answered(_ count: Int = 1, now: Int64) {
        lastActive = now
        hitsInARow += count
    }

    /// Bytes go to the decoder, more will follow.
    mutating func handsOn() { mayHoldBytes = true }

    /// The head of a request came out of the decoder and goes to the router, or not.
    mutating func sawHead(isAnswered: Bool, isLast: Bool, now: Int64) {
        lastActive = now
        isReading = true
        mayHoldBytes = true
        if isAnswered {
            hitsInARow += 1
        } else {
            requestsAway += 1
            hitsInARow = 0
        }
        if isLast { isSurrendered = true }
    }

    /// A part of a body came out of the decoder.
    mutating func sawBody(now: Int64) { lastActive = now }

    /// The end of a request came out of the decoder.
    mutating func sawEnd(now: Int64) {
        lastActive = now
        isReading = false
        mayHoldBytes = false
    }

    /// The router has finished an answer.
    mutating func routerAnswered(now: Int64) {
        lastActive = now
        requestsAway = max(0, requestsAway - 1)
    }

    /// Nothing will be answered by the lane any more: the connection is broken or is to end.
    mutating func surrender() { isSurrendered = true }

    /// What to do about an idle connection; a request that waits for its answer is not idle.
    func idleAction(now: Int64) -> IdleAction {
        if requestsAway > 0, !isReading { return .check(afterNanoseconds: idleNanoseconds) }
        let left = lastActive + idleNanoseconds - now
        return left > 0 ? .check(afterNanoseconds: left) : .close
    }
}
