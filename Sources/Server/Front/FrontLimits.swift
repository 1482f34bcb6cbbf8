/// The bounds of the event loops in front.
enum FrontLimits {
    /// Connections that wait to be accepted.
    static let backlog = 256
    /// Bytes that are read of a connection in one turn; a head of the plain form fits in.
    static let inputBytes = 16 << 10
    /// Bytes of answers after which another connection has its turn.
    static let turnBytes = 256 << 10
    /// Connections that are accepted in one turn.
    static let acceptsPerTurn = 16
    /// Connections that are accepted at once when the server stops: all that may wait.
    static let acceptsAtEnd = 4 * backlog
    /// Descriptors that are reported ready at once.
    static let eventsPerTurn = 256
    /// How long nothing is accepted after the system had no descriptors.
    static let exhaustedPause: Duration = .milliseconds(100)
    /// How often connections are looked at for what their time has brought; while the server stops.
    static let lookInterval: Duration = .seconds(1)
    static let lookIntervalAtEnd: Duration = .milliseconds(20)
    /// Hits in a row after which a connection that was lent comes back.
    ///
    /// A loan makes a channel and ends it: a client that mixes hits with other requests should not
    /// cause one for each.
    static let hitsBeforeReturn = 16
}
