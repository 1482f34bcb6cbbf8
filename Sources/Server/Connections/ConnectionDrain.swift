/// How a connection of HTTP/1.1 ends when the server stops, without losing a request.
///
/// The answer after which the connection ends says so. A connection on which nothing is asked gets a
/// moment in which a request that is on its way can still come: a client that was not told may have
/// sent one. A value without I/O.
struct ConnectionDrain: Sendable, Hashable {
    /// What to do next.
    enum Step: Sendable, Hashable {
        case goOn
        /// See after a moment whether a request has come.
        case wait
        /// Send what was written, then close.
        case end
    }

    private var isDraining = false
    /// Requests that have come and are not answered.
    private var open = 0
    private var hasAnnounced = false
    /// Whether requests that still come are nobody's: their client has been told.
    private(set) var isDeaf = false

    /// The head of a request has come.
    mutating func received() {
        if hasAnnounced { isDeaf = true } else { open += 1 }
    }

    /// The server begins to stop.
    mutating func begin() -> Step {
        isDraining = true
        return open == 0 ? .wait : .goOn
    }

    /// Whether the answer that begins now has to say that the connection ends with it.
    mutating func announces() -> Bool {
        guard isDraining, open <= 1 else { return false }
        hasAnnounced = true
        return true
    }

    /// An answer is complete; one that began before the server stopped has announced nothing.
    mutating func answered() -> Step {
        open = max(0, open - 1)
        if hasAnnounced { return .end }
        return isDraining && open == 0 ? .wait : .goOn
    }

    /// The moment is over.
    mutating func waited() -> Step {
        guard open == 0, !hasAnnounced else { return .goOn }
        (hasAnnounced, isDeaf) = (true, true)
        return .end
    }
}
