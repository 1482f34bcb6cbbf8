/// What a client expects before it sends a body: the field `Expect` of RFC 9110, section 10.1.1.
enum Expectation: Sendable, Hashable {
    case nothing
    /// To be told that the body is wanted, by `100 Continue`.
    case invitation
    /// Something that this server does not know.
    case other

    /// Reads the field, several of them joined by commas; nil where there is none.
    init(_ field: String?) {
        guard let field else {
            self = .nothing
            return
        }
        let parts = field.split(separator: ",").map(\.trimmingBlanks).filter { !$0.isEmpty }
        let isKnown = parts.allSatisfy { $0.lowercased() == "100-continue" }
        self = isKnown ? (parts.isEmpty ? .nothing : .invitation) : .other
    }
}

/// Which client that waits with its body is told to send it; the rules of a connection of HTTP/1.1.
///
/// Requests are answered one after the other, and the next begins where a body ends. So only the
/// request that came last can wait, and it may be told only when no earlier one is to be answered.
/// A value without I/O.
struct BodyInvitation: Sendable, Hashable {
    /// Requests that have come and are not answered.
    private var open = 0
    /// Whether nothing of the last request's body has come and its client waits to be told.
    private var isWaiting = false

    /// The head of a request has come.
    mutating func received(_ expectation: Expectation) {
        open += 1
        isWaiting = expectation == .invitation
    }

    /// A part of a body or its end has come: whoever sends it waits no longer.
    mutating func receivedBody() { isWaiting = false }

    /// The body of the request that is being answered is wanted; true if its client is to be told.
    mutating func wanted() -> Bool { takeWaiting() }

    /// The head of an answer is to be written; true if its client was never told to send the body.
    ///
    /// It may send the body nevertheless or leave it out, and nobody can tell which: the connection
    /// has to end with this answer.
    mutating func answers() -> Bool { takeWaiting() }

    /// An answer is complete.
    mutating func answered() { open = max(0, open - 1) }

    private mutating func takeWaiting() -> Bool {
        guard isWaiting, open == 1 else { return false }
        isWaiting = false
        return true
    }
}
