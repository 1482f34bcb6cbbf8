import NIOCore
import Sockets
import Telemetry

/// The first handler of a connection: answers the hits that arrive as bytes, hands the rest on.
///
/// It also owns what Hummingbird's own handler cannot know, because it never sees these requests:
/// idleness, and that answers are on their way when the connection is to be closed.
final class LaneFrontHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let loop: LaneLoop
    var connection: LaneConnection
    private let answersBytes: Bool
    private var context: ChannelHandlerContext?
    private var idleTask: Scheduled<Void>?
    private var hasHandedOn = false
    private var hasWritten = false
    /// Whether the peer's identity headers count; asked once, when the peer is known for certain.
    private var isTrusted: Bool?

    /// The loop in front that lent the connection and gets it back, where one did.
    private let home: FrontHome?
    private var isReturning = false
    /// Answers that were written, each time they were.
    private var writes = 0

    init(
        loop: LaneLoop, answersBytes: Bool, idleTimeout: Duration, home: FrontHome? = nil
    ) {
        self.loop = loop
        self.answersBytes = answersBytes
        self.home = home
        connection = LaneConnection(
            idleNanoseconds: Int64(idleTimeout.wholeMicros) * 1_000, now: LaneCore.now)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        checkIdleness(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        idleTask?.cancel()
        idleTask = nil
        context = nil
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        guard answersBytes, connection.isAtBoundary, context.channel.isWritable else {
            return handOn(buffer, context)
        }
        let answered = answer(buffer, context)
        guard answered < buffer.readableBytes else { return }
        var rest = buffer
        rest.moveReaderIndex(forwardBy: answered)
        handOn(rest, context)
    }

    /// Answers requests from the beginning of the buffer on; returns how many bytes they took.
    private func answer(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) -> Int {
        let bytes = buffer.readableBytesUInt8Span
        let began = LaneCore.now
        let isTrusted = isTrusted(context)
        var (answered, hits) = (0, 0)
        loop.core.beginOutput()
        while answered < bytes.count,
            let next = loop.core.answer(bytes, from: answered, isTrusted: isTrusted, began: began)
        {
            answered = next
            hits += 1
            loop.core.lane.answeredBytes.increment()
            guard loop.core.body != nil || loop.core.output.count >= LaneLimits.batchBytes
            else { continue }
            writeOutput(context)
            loop.core.beginOutput()
            // A client that does not read is the router's, which does not read from it either.
            guard context.channel.isWritable else { break }
        }
        if answered > 0 {
            connection.answered(hits, now: began)
            if loop.core.output.count > 0 { writeOutput(context) }
        }
        return answered
    }

    private func writeOutput(_ context: ChannelHandlerContext) {
        hasWritten = true
        writes &+= 1
        if let body = loop.core.body {
            context.write(wrapOutboundOut(loop.takeOutput()), promise: nil)
            context.writeAndFlush(wrapOutboundOut(body), promise: nil)
        } else {
            context.writeAndFlush(wrapOutboundOut(loop.takeOutput()), promise: nil)
        }
    }

    private func isTrusted(_ context: ChannelHandlerContext) -> Bool {
        if let isTrusted { return isTrusted }
        let answer = loop.core.lane.identities.honoursHeaders(of: context.channel.remoteAddress)
        isTrusted = answer
        return answer
    }

    /// Gives bytes to the decoder, the last one by itself, which shows whether a request ends there.
    private func handOn(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
        hasHandedOn = true
        guard answersBytes, !connection.isSurrendered else {
            return context.fireChannelRead(wrapInboundOut(buffer))
        }
        connection.handsOn()
        var last = buffer
        if let first = last.readSlice(length: last.readableBytes - 1), first.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(first))
        }
        connection.handsOn()
        context.fireChannelRead(wrapInboundOut(last))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if hasHandedOn {
            hasHandedOn = false
            context.fireChannelReadComplete()
        }
        if home != nil, connection.mayReturn, !isReturning { beginReturn(context) }
    }

    // MARK: The return of a loan

    /// Waits until everything has been sent; by then a request may have come that keeps it here.
    private func beginReturn(_ context: ChannelHandlerContext) {
        isReturning = true
        let before = writes
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenSuccess { [self] in
            isReturning = false
            // The router writes only what it is asked for, and whoever asks it begins a new count.
            guard let context = self.context, writes == before, connection.mayReturn else { return }
            finishReturn(context)
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
    }

    /// Nothing was read that is not answered, nothing is unsent, and this is the channel's loop, so
    /// that nothing can be read before the channel is closed: the socket's bytes go to one side.
    private func finishReturn(_ context: ChannelHandlerContext) {
        guard let home, context.channel.isActive else { return }
        let isGiven = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { home.take($0) }
        // The connection lives on by the other descriptor.
        if isGiven == true { context.close(promise: nil) }
    }

    /// Answers a request that was decoded, given as the bytes of its head; false when it is left.
    func answer(decoded head: [UInt8]) -> Bool {
        guard let context, context.channel.isWritable else { return false }
        let began = LaneCore.now
        loop.core.beginOutput()
        let isTrusted = isTrusted(context)
        guard loop.core.answer(head.span, from: 0, isTrusted: isTrusted, began: began) != nil
        else { return false }
        loop.core.lane.answeredParts.increment()
        writeOutput(context)
        return true
    }

    // MARK: The end of a connection

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        let isEnd: Bool
        switch event {
        case is ChannelShouldQuiesceEvent: isEnd = true
        case let event as ChannelEvent: isEnd = event == .inputClosed
        default: isEnd = false
        }
        guard isEnd else { return context.fireUserInboundEventTriggered(event) }
        connection.surrender()
        guard hasWritten else { return context.fireUserInboundEventTriggered(event) }
        // Whoever is behind may close at once: first everything that was answered has to be sent.
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { _ in
            context.fireUserInboundEventTriggered(event)
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
    }

    private func checkIdleness(_ context: ChannelHandlerContext) {
        switch connection.idleAction(now: LaneCore.now) {
        case .close:
            context.close(promise: nil)
        case .check(let nanoseconds):
            idleTask = context.eventLoop.assumeIsolated().scheduleTask(
                in: .nanoseconds(nanoseconds)
            ) { [self] in
                idleTask = nil
                if let context = self.context { checkIdleness(context) }
            }
        }
    }
}
