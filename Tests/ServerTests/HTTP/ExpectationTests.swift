import Testing

@testable import Server

@Suite("Expectations of clients")
struct ExpectationTests {
    @Test(
        "are read in any case, repeated and with blanks",
        arguments: ["100-continue", "100-Continue", " 100-continue ", "100-continue, 100-CONTINUE"])
    func invitation(field: String) {
        #expect(Expectation(field) == .invitation)
    }

    @Test(
        "that nobody knows are told from those that are known",
        arguments: ["200-ok", "100-continue, x", "100-continue; q=1", "100", "continue"])
    func other(field: String) {
        #expect(Expectation(field) == .other)
    }

    @Test("are none without a field, and in an empty one", arguments: [nil, "", " , "])
    func nothing(field: String?) {
        #expect(Expectation(field) == .nothing)
    }

    /// Neither is a client told to send its body, nor is it one that should have been.
    private func expectNothing(of invitation: inout BodyInvitation) {
        let (isWanted, isLeft) = (invitation.wanted(), invitation.answers())
        #expect(!isWanted && !isLeft)
    }

    @Test("are met once, when the body is wanted")
    func once() {
        var invitation = BodyInvitation()
        invitation.received(.invitation)
        let isTold = invitation.wanted()
        #expect(isTold)
        expectNothing(of: &invitation)
    }

    @Test("are void once a part of the body has come", arguments: [true, false])
    func sentAnyway(isAnswered: Bool) {
        var invitation = BodyInvitation()
        invitation.received(.invitation)
        invitation.receivedBody()
        let isMet = isAnswered ? invitation.answers() : invitation.wanted()
        #expect(!isMet)
    }

    @Test("wait for the answers to the requests before")
    func pipelined() {
        var invitation = BodyInvitation()
        invitation.received(.nothing)
        invitation.receivedBody()
        invitation.received(.invitation)
        // The request before reads its body and is answered.
        expectNothing(of: &invitation)
        invitation.answered()
        let isTold = invitation.wanted()
        #expect(isTold)
    }

    @Test("that were not met before the answer began end the connection, and are not met any more")
    func refused() {
        var invitation = BodyInvitation()
        invitation.received(.invitation)
        let isLeft = invitation.answers()
        #expect(isLeft)
        let isTold = invitation.wanted()
        #expect(!isTold)
    }

    @Test("of one request are nothing to the next")
    func next() {
        var invitation = BodyInvitation()
        invitation.received(.invitation)
        let isTold = invitation.wanted()
        #expect(isTold)
        invitation.receivedBody()
        invitation.answered()
        invitation.received(.nothing)
        expectNothing(of: &invitation)
    }
}
