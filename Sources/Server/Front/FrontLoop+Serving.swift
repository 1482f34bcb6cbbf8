import LMDB
import NIOCore
import Sockets
import Telemetry

extension FrontLoop {
    /// What became of the answers in the core's output.
    private enum Sending {
        case everything
        /// This is left; the client has to read first.
        case rest(ByteBuffer)
        case failed
    }

    /// Does what a connection is ready for.
    mutating func serve(_ ready: ReadinessQueue.Readiness, _ input: inout [UInt8]) {
        let place = Int(ready.descriptor)
        // It may have been closed in this turn.
        guard place < connections.count, connections[place].isOpen else { return }
        if connections[place].isWriting {
            if ready.isWritable || ready.isBroken { resume(ready.descriptor, &input) }
        } else if ready.isReadable {
            read(ready.descriptor, &input)
        }
    }

    private mutating func read(_ descriptor: Int32, _ input: inout [UInt8]) {
        let place = Int(descriptor)
        let kept = connections[place].release(into: &input)
        switch SocketCall.receive(descriptor, into: &input, from: kept) {
        case .bytes(let count):
            let isBufferFull = kept + count == input.count
            received(descriptor, kept + count, isBufferFull: isBufferFull, &input)
        case .notNow:
            connections[place].hold(input.span.extracting(0..<kept))
        case .ended:
            // The decoder knows what to say to a request without an end.
            if kept > 0 {
                lend(descriptor, input.span.extracting(0..<kept))
            } else {
                close(descriptor)
            }
        case .failed:
            close(descriptor)
        }
    }

    private mutating func received(
        _ descriptor: Int32, _ count: Int, isBufferFull: Bool, _ input: inout [UInt8]
    ) {
        switch connections[Int(descriptor)].reading {
        case .answer: answer(descriptor, count, isBufferFull: isBufferFull, &input)
        case .handOver: lend(descriptor, input.span.extracting(0..<count))
        case .discard: break
        }
    }

    /// Answers requests from the beginning of the input on, and finds a place for what is left.
    private mutating func answer(
        _ descriptor: Int32, _ count: Int, isBufferFull: Bool, _ input: inout [UInt8]
    ) {
        let place = Int(descriptor)
        let isTrusted = connections[place].isTrusted
        let began = now
        var (answered, hits, sentBytes) = (0, 0, 0)
        var sending = Sending.everything
        var isAnotherTurn = false
        core.beginOutput()
        while answered < count {
            guard
                let next = core.answer(
                    input.span.extracting(0..<count), from: answered, isTrusted: isTrusted,
                    began: began)
            else { break }
            answered = next
            hits += 1
            guard core.body != nil || core.output.count >= LaneLimits.batchBytes
            else { continue }
            sentBytes += core.output.count + (core.body?.readableBytes ?? 0)
            sending = sendOutput(descriptor)
            core.beginOutput()
            guard case .everything = sending else { break }
            isAnotherTurn = sentBytes >= FrontLimits.turnBytes && answered < count
            if isAnotherTurn { break }
        }
        if hits > 0 {
            core.lane.answeredBytes.increment(by: hits)
            now = max(now, core.answeredAt)
            connections[place].wasActive(now: now)
        }
        if case .everything = sending, core.output.count > 0 {
            sending = sendOutput(descriptor)
        }
        let rest = input.span.extracting(answered..<count)
        switch sending {
        case .failed: close(descriptor)
        case .rest(let unsent): pause(descriptor, unsent, rest, isBufferFull: isBufferFull)
        case .everything:
            if isAnotherTurn {
                pause(descriptor, ByteBuffer(), rest, isBufferFull: isBufferFull)
            } else if answered < count {
                leave(descriptor, rest, isBufferFull: isBufferFull)
            }
        }
    }

    private mutating func leave(_ descriptor: Int32, _ rest: Span<UInt8>, isBufferFull: Bool) {
        if FrontConnection.mayContinue(rest.count, isBufferFull: isBufferFull) {
            connections[Int(descriptor)].hold(rest)
        } else {
            lend(descriptor, rest)
        }
    }

    private mutating func pause(
        _ descriptor: Int32, _ unsent: ByteBuffer, _ rest: Span<UInt8>, isBufferFull: Bool
    ) {
        connections[Int(descriptor)].pause(unsent: unsent, held: rest, isBufferFull: isBufferFull)
        if !queue.change(descriptor, to: .writing) { close(descriptor) }
    }

    /// Sends on; when everything is sent, goes on with what was read before.
    private mutating func resume(_ descriptor: Int32, _ input: inout [UInt8]) {
        let place = Int(descriptor)
        guard var unsent = connections[place].unsent else { return }
        if unsent.readableBytes > 0 {
            switch SocketCall.send(descriptor, unsent.readableBytesUInt8Span.rawBytes) {
            case .bytes(let count):
                unsent.moveReaderIndex(forwardBy: count)
                connections[place].wasActive(now: now)
            case .notNow: return
            case .ended, .failed: return close(descriptor)
            }
            guard unsent.readableBytes == 0 else {
                return connections[place].sendLater(unsent)
            }
        }
        connections[place].resume()
        guard queue.change(descriptor, to: .reading) else { return close(descriptor) }
        let count = connections[place].release(into: &input)
        let isBufferFull = connections[place].isHeldCut
        if count > 0 { received(descriptor, count, isBufferFull: isBufferFull, &input) }
    }

    private func sendOutput(_ descriptor: Int32) -> Sending {
        let output = core.output.bytes
        let bodyBytes = core.body?.readableBytes ?? 0
        let transfer =
            if let body = core.body {
                SocketCall.send(
                    descriptor, output.rawBytes, body.readableBytesUInt8Span.rawBytes)
            } else {
                SocketCall.send(descriptor, output.rawBytes)
            }
        switch transfer {
        case .bytes(let count):
            return count == output.count + bodyBytes ? .everything : .rest(unsent(after: count))
        case .notNow: return .rest(unsent(after: 0))
        case .ended, .failed: return .failed
        }
    }

    /// A copy of what is left when so many bytes of the output have been sent.
    private func unsent(after count: Int) -> ByteBuffer {
        let output = core.output.bytes
        var rest = ByteBuffer()
        rest.writeBytes(output.extracting(min(count, output.count)..<output.count).rawBytes)
        guard var body = core.body else { return rest }
        body.moveReaderIndex(forwardBy: max(0, count - output.count))
        if rest.readableBytes == 0 { return body }
        rest.writeImmutableBuffer(body)
        return rest
    }
}
