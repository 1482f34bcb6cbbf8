import LMDB
import NIOCore
import Sockets

/// One event loop in front: a thread's own connections, answered out of its own `LaneCore`.
///
/// A thin shell around `FrontConnection`. Everything here happens on the one thread that calls
/// `run`; other threads reach it by the inbox. A hit costs a read, a look-up and a send, and no
/// allocation; what the lane does not answer is lent to the slow side, byte for byte.
struct FrontLoop: ~Copyable {
    var core: LaneCore
    let queue: ReadinessQueue
    let inbox: FrontInbox
    let slow: SlowSide
    private let door: FrontDoor
    private let times: FrontConnection.Times
    /// By descriptor.
    var connections: [FrontConnection] = []
    private var openCount = 0
    /// When this turn began, or its last answer was given.
    var now: Int64
    private var lookAt: Int64 = .max
    private var acceptsAgainAt: Int64?
    private var isDoorOpen = true
    private var isStopping = false

    /// Creates the loop of the thread that calls; nil when the system has no room.
    init?(
        lane: FastLane, inbox: FrontInbox, door: FrontDoor, slow: SlowSide,
        times: FrontConnection.Times
    ) {
        guard let queue = ReadinessQueue(capacity: FrontLimits.eventsPerTurn),
            queue.add(inbox.wakeup.descriptor, for: .reading),
            queue.add(door.descriptor, for: .reading, isShared: true)
        else { return nil }
        self.queue = queue
        self.inbox = inbox
        self.door = door
        self.slow = slow
        self.times = times
        core = LaneCore(lane: lane)
        now = LaneCore.now
    }

    /// Serves until the inbox says stop and every connection has ended.
    @available(*, noasync)
    mutating func run() {
        var input = [UInt8](repeating: 0, count: FrontLimits.inputBytes)
        while true {
            let count = queue.wait(atMostMs: patienceMs)
            now = LaneCore.now
            for index in 0..<count {
                let ready = queue[index]
                switch ready.descriptor {
                // Once it is closed its number may be that of a connection.
                case door.descriptor where isDoorOpen: acceptWaiting(FrontLimits.acceptsPerTurn)
                case inbox.wakeup.descriptor: readInbox()
                default: serve(ready, &input)
                }
            }
            if now >= lookAt { look() }
            if isStopping, openCount == 0, inbox.close() { return }
        }
    }

    /// How long nothing can be due.
    private var patienceMs: Int32 {
        guard lookAt < .max else { return -1 }
        return Int32(min(60_000, max(0, (lookAt - now) / 1_000_000 + 1)))
    }

    // MARK: Coming

    private mutating func acceptWaiting(_ most: Int) {
        guard isDoorOpen, acceptsAgainAt == nil else { return }
        for _ in 0..<most {
            switch SocketCall.accept(door.descriptor) {
            case .connection(let descriptor):
                let owner = isStopping ? inbox : door.nextOwner()
                if owner === inbox || !owner.give(descriptor) { admit(descriptor) }
            case .nobody: return
            case .gone: continue
            case .exhausted:
                // It would be reported ready all the time.
                queue.remove(door.descriptor)
                acceptsAgainAt = now + FrontLimits.exhaustedPause.wholeNanoseconds
                lookAt = min(lookAt, now + FrontLimits.exhaustedPause.wholeNanoseconds)
                return
            }
        }
    }

    private mutating func admit(_ descriptor: Int32) {
        let place = Int(descriptor)
        while connections.count <= place { connections.append(.closed) }
        let proxies = core.lane.identities.proxies
        let isTrusted =
            proxies.networks == nil
            || proxies.contains(address: SocketCall.peerAddress(descriptor))
        connections[place] = FrontConnection(isTrusted: isTrusted, now: now)
        openCount += 1
        guard queue.add(descriptor, for: .reading) else { return close(descriptor) }
        if isStopping { connections[place].drain(now: now) }
        scheduleLook()
    }

    private mutating func readInbox() {
        let (given, order) = inbox.take()
        for descriptor in given { admit(descriptor) }
        switch order {
        case .goOn: break
        case .drain: stop()
        case .end:
            stop()
            for place in connections.indices where connections[place].isOpen {
                close(Int32(place))
            }
        }
    }

    private mutating func stop() {
        guard !isStopping else { return }
        isStopping = true
        // Those who wait have been promised a connection by the system.
        acceptWaiting(FrontLimits.acceptsAtEnd)
        isDoorOpen = false
        if acceptsAgainAt == nil { queue.remove(door.descriptor) }
        acceptsAgainAt = nil
        door.leave()
        for place in connections.indices { connections[place].drain(now: now) }
        scheduleLook()
    }

    // MARK: Time

    private mutating func scheduleLook() {
        let interval =
            isStopping ? FrontLimits.lookIntervalAtEnd : FrontLimits.lookInterval
        let shortest = min(interval.wholeNanoseconds, max(1_000_000, times.idle / 4))
        lookAt = min(lookAt, now + shortest)
    }

    private mutating func look() {
        lookAt = .max
        if let again = acceptsAgainAt {
            if now >= again {
                acceptsAgainAt = nil
                if !queue.add(door.descriptor, for: .reading, isShared: true) {
                    acceptsAgainAt = now + FrontLimits.exhaustedPause.wholeNanoseconds
                }
            }
            if let again = acceptsAgainAt { lookAt = again }
        }
        for place in connections.indices {
            switch connections[place].due(now: now, times) {
            case .nothing: break
            case .close: close(Int32(place))
            case .endOutput:
                SocketCall.endOutput(Int32(place))
                connections[place].linger(now: now)
            }
        }
        if openCount > 0 { scheduleLook() }
    }

    // MARK: Going

    /// Ends a connection.
    mutating func close(_ descriptor: Int32) {
        queue.remove(descriptor)
        forget(descriptor)
        SocketCall.close(descriptor)
    }

    /// Lends a connection with the bytes that were read of it to the slow side.
    mutating func lend(_ descriptor: Int32, _ bytes: Span<UInt8>) {
        queue.remove(descriptor)
        forget(descriptor)
        var buffer = ByteBuffer()
        buffer.reserveCapacity(bytes.count)
        buffer.writeBytes(bytes.rawBytes)
        slow.adopt(descriptor, read: buffer, from: inbox)
    }

    private mutating func forget(_ descriptor: Int32) {
        guard connections[Int(descriptor)].isOpen else { return }
        connections[Int(descriptor)] = .closed
        openCount -= 1
    }
}
