/// A database inside this process that answers the statements of the store instead of a server.
///
/// It is the seam between the two stores: whoever holds a `Pool` or a `Connection` cannot tell them
/// apart. A statement has its own text for it where the languages differ (`Statement.embedded`).
package protocol EmbeddedDatabase: Sendable {
    /// What a log says of it, such as the kind and the path.
    var description: String { get }

    /// Opens a session; blocks while it reads the file, so it is called on a thread that may.
    func openSession() throws(PostgresError) -> any EmbeddedSession
}

/// One session with an embedded database: what it is asked is answered in order.
package protocol EmbeddedSession: Sendable {
    /// Takes work and returns at once; `answered` is called once, on any thread.
    func submit(
        _ work: EmbeddedWork, deadline: ContinuousClock.Instant,
        answered: @escaping @Sendable (EmbeddedAnswer) -> Void)

    /// Says where notifications go for which this session listens.
    func onNotification(
        _ handler: @escaping @Sendable (_ channel: String, _ payload: String) -> Void)

    /// Rolls back what is open and ends the session, after what is under way.
    func close()
}

/// What an embedded session is asked to do.
package enum EmbeddedWork: Sendable {
    /// Statements that succeed or fail as one, unless they say BEGIN themselves.
    case segment([Query])
    /// Several statements in one text.
    case script(String)
}

/// What an embedded session says to one piece of work.
package struct EmbeddedAnswer: Sendable {
    package let result: Result<[Rows], PostgresError>
    /// Whether no transaction block is open now.
    package let isOutsideTransaction: Bool

    /// Puts an answer together.
    package init(result: Result<[Rows], PostgresError>, isOutsideTransaction: Bool) {
        self.result = result
        self.isOutsideTransaction = isOutsideTransaction
    }
}
