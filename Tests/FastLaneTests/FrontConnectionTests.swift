import NIOCore
import Testing

@testable import Server

@Suite("A connection in front")
struct FrontConnectionTests {
    private let times = FrontConnection.Times(idle: 100, grace: 10, linger: 5)

    private func fresh() -> FrontConnection { FrontConnection(isTrusted: false, now: 0) }

    @Test("what is held comes first, once")
    func held() {
        var connection = fresh()
        let bytes = Array("GET /".utf8)
        connection.hold(bytes.span)
        var buffer = [UInt8](repeating: 0, count: 8)
        let count = connection.release(into: &buffer)
        #expect(count == 5 && buffer.prefix(5) == bytes[...])
        let again = connection.release(into: &buffer)
        #expect(again == 0)
    }

    @Test("only a beginning that the buffer has cut off is kept")
    func beginnings() {
        #expect(FrontConnection.mayContinue(1, isBufferFull: true))
        #expect(!FrontConnection.mayContinue(1, isBufferFull: false))
        #expect(!FrontConnection.mayContinue(LaneLimits.headBytes, isBufferFull: true))
        #expect(FrontLimits.inputBytes > LaneLimits.headBytes)
    }

    @Test("it is closed when nothing moves for the time, whether it reads or writes")
    func idle() {
        var connection = fresh()
        #expect(connection.due(now: 99, times) == .nothing)
        #expect(connection.due(now: 100, times) == .close)
        connection.wasActive(now: 50)
        #expect(connection.due(now: 149, times) == .nothing)
        let nothing: [UInt8] = []
        connection.pause(
            unsent: ByteBuffer(string: "rest"), held: nothing.span, isBufferFull: false)
        #expect(connection.isWriting)
        #expect(connection.due(now: 150, times) == .close)
        connection.wasActive(now: 120)
        #expect(connection.due(now: 150, times) == .nothing)
        connection.resume()
        #expect(!connection.isWriting)
    }

    @Test("when the server stops, a request that comes is the router's, and silence ends it")
    func drain() {
        var connection = fresh()
        #expect(connection.reading == .answer)
        connection.drain(now: 20)
        #expect(connection.reading == .handOver)
        #expect(connection.due(now: 29, times) == .nothing)
        #expect(connection.due(now: 30, times) == .endOutput)
        connection.linger(now: 30)
        #expect(connection.reading == .discard)
        // It does not begin again.
        connection.drain(now: 31)
        #expect(connection.reading == .discard)
        #expect(connection.due(now: 34, times) == .nothing)
        #expect(connection.due(now: 35, times) == .close)
    }

    @Test("an answer that a client still reads is not cut off by the end")
    func drainWhileWriting() {
        var connection = fresh()
        let nothing: [UInt8] = []
        connection.pause(
            unsent: ByteBuffer(string: "rest"), held: nothing.span, isBufferFull: false)
        connection.drain(now: 20)
        #expect(connection.due(now: 60, times) == .nothing)
        connection.wasActive(now: 60)
        connection.resume()
        #expect(connection.due(now: 69, times) == .nothing)
        #expect(connection.due(now: 70, times) == .endOutput)
    }

    @Test("a place without a connection is never due")
    func closed() {
        #expect(!FrontConnection.closed.isOpen)
        #expect(FrontConnection.closed.due(now: .max, times) == .nothing)
        var closed = FrontConnection.closed
        closed.drain(now: 1)
        #expect(!closed.isOpen)
    }

    @Test("a loan comes back after hits in a row, when nothing is open")
    func comesBack() {
        var connection = LaneConnection(idleNanoseconds: 100, now: 0)
        connection.answered(FrontLimits.hitsBeforeReturn - 1, now: 1)
        #expect(!connection.mayReturn)
        connection.sawHead(isAnswered: true, isLast: false, now: 2)
        #expect(!connection.mayReturn)
        connection.sawEnd(now: 2)
        #expect(connection.mayReturn)
        connection.handsOn()
        #expect(!connection.mayReturn)
        connection.sawHead(isAnswered: false, isLast: false, now: 3)
        connection.sawEnd(now: 3)
        connection.routerAnswered(now: 3)
        #expect(!connection.mayReturn)
        connection.answered(FrontLimits.hitsBeforeReturn, now: 4)
        #expect(connection.mayReturn)
        connection.surrender()
        #expect(!connection.mayReturn)
    }

    @Test("a loop that has ended takes no connection")
    func inbox() throws {
        let inbox = try #require(FrontInbox())
        #expect(inbox.give(1_000_000))
        #expect(!inbox.close())
        #expect(inbox.take().connections == [1_000_000])
        inbox.tell(.end)
        inbox.tell(.drain)
        #expect(inbox.take().order == .end)
        #expect(inbox.close())
        #expect(!inbox.give(1_000_000))
    }
}
