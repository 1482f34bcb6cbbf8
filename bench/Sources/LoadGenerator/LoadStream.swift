import LoadModel
import NIOCore
import NIOPosix

/// One stream of requests over some connections, all on one event loop.
///
/// Not Sendable: made and used on its loop only. In an open loop a request is due at the time that
/// the schedule says; it waits for a free connection, and its latency counts from when it was due.
final class LoadStream {
    private static let reconnectDelay = TimeAmount.milliseconds(20)

    private let plan: StreamPlan
    private let clock: StreamClock
    private let keys: Int
    private let host: String
    private let port: Int
    private let loop: any EventLoop
    private let done: EventLoopPromise<Recording>
    private var recording: Recording
    private var schedule: ArrivalSchedule?
    private var requests: RequestSource
    private var free = CircularBuffer<LoadConnection>()
    private var open: [ObjectIdentifier: LoadConnection] = [:]
    private var connecting = 0
    private var reconnects = 0
    private var tags: [Int: [UInt8]] = [:]
    private var timer: Scheduled<Void>?
    private var isFinished = false

    init(
        _ plan: StreamPlan, clock: StreamClock, recording: Recording, keys: Int, host: String,
        port: Int, on loop: any EventLoop, done: EventLoopPromise<Recording>
    ) {
        self.plan = plan
        self.clock = clock
        self.recording = recording
        self.keys = keys
        self.host = host
        self.port = port
        self.loop = loop
        self.done = done
        schedule = plan.schedule
        requests = plan.requests
    }

    func start() {
        for _ in 0..<plan.connections { connect() }
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(deadline: clock.end) { bound.value.finishWhenIdle() }
        loop.scheduleTask(deadline: clock.patience) { bound.value.finish() }
        wake(at: clock.start)
    }

    // MARK: Connections

    private func connect() {
        connecting += 1
        let bound = NIOLoopBound(self, eventLoop: loop)
        ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(.seconds(5))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        LoadConnection(stream: bound.value))
                }
            }
            .connect(host: host, port: port)
            .whenComplete { result in
                let stream = bound.value
                stream.connecting -= 1
                if case .failure = result {
                    // Not at once, or a server that is away for a moment would use up the tries.
                    stream.loop.scheduleTask(in: LoadStream.reconnectDelay) { bound.value.lost() }
                }
            }
    }

    func opened(_ connection: LoadConnection) {
        open[ObjectIdentifier(connection)] = connection
        release(connection)
    }

    /// A connection that ended, perhaps with a request on it.
    func closed(_ connection: LoadConnection, _ pending: PendingRequest?) {
        open[ObjectIdentifier(connection)] = nil
        free.removeAll { $0 === connection }
        guard !isFinished else { return }
        if let pending { giveUp(pending) }
        lost()
    }

    private func lost() {
        guard !isFinished else { return }
        recording.lostConnection()
        reconnects += 1
        guard reconnects <= LoadLimits.maxReconnects, NIODeadline.now() < clock.end else {
            return finishWhenIdle()
        }
        connect()
    }

    // MARK: Requests

    private func release(_ connection: LoadConnection) {
        free.append(connection)
        pump()
    }

    /// Sends what is due as far as connections are free, and has itself woken for the next.
    private func pump() {
        let now = NIODeadline.now()
        guard !isFinished, now >= clock.start else { return }
        guard schedule != nil else {
            while now < clock.end, let connection = free.popFirst() {
                send(on: connection, due: now, now: now)
            }
            return finishWhenIdle()
        }
        while let due = dueTime, due < clock.end {
            guard due <= now else { return wake(at: due) }
            guard let connection = free.popFirst() else { return }
            schedule?.advance()
            send(on: connection, due: due, now: now)
        }
        finishWhenIdle()
    }

    private var dueTime: NIODeadline? {
        schedule.map { clock.start + .nanoseconds(Int64($0.next)) }
    }

    private func wake(at time: NIODeadline) {
        guard timer == nil else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        timer = loop.scheduleTask(deadline: time) {
            bound.value.timer = nil
            bound.value.pump()
        }
    }

    private func send(on connection: LoadConnection, due: NIODeadline, now: NIODeadline) {
        let request = requests.next()
        let place = request.namespace * keys + request.key
        let tag = request.operation == .conditional ? tags[place] : nil
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        requests.render(request, tag: tag, into: &bytes)
        connection.send(
            bytes, PendingRequest(operation: request.operation, place: place, due: due, sent: now))
    }

    /// An answer came in full; the connection may be used again.
    func answered(_ pending: PendingRequest, _ head: ResponseHead, on connection: LoadConnection) {
        guard !isFinished else { return }
        if pending.operation == .conditional, !head.entityTag.isEmpty {
            tags[pending.place] = head.entityTag
        }
        if pending.due >= clock.warmEnd {
            recording.answer(
                pending.operation, head, due: measured(pending.due), sent: measured(pending.sent),
                now: measured(.now()))
        }
        if head.closes {
            connection.close()
        } else {
            release(connection)
        }
    }

    func malformed(_ pending: PendingRequest?) {
        guard !isFinished else { return }
        recording.malformedAnswer()
        if let pending { giveUp(pending) }
    }

    private func giveUp(_ pending: PendingRequest) {
        guard pending.due >= clock.warmEnd else { return }
        recording.noAnswer(
            pending.operation, due: measured(pending.due), now: measured(.now()))
    }

    private func measured(_ time: NIODeadline) -> UInt64 {
        time > clock.warmEnd ? UInt64((time - clock.warmEnd).nanoseconds) : 0
    }

    // MARK: End

    /// Ends when nothing is due any more and every answer is there.
    private func finishWhenIdle() {
        guard NIODeadline.now() >= clock.end, !isFinished else { return }
        let nothingDue = dueTime.map { $0 >= clock.end } ?? true
        let nothingOpen = open.isEmpty && connecting == 0
        if (nothingDue || nothingOpen) && free.count == open.count { finish() }
    }

    private func finish() {
        guard !isFinished else { return }
        timer?.cancel()
        for connection in open.values {
            if let pending = connection.pending { giveUp(pending) }
        }
        // What was due and found no free connection was never sent, and counts all the same.
        while let due = dueTime, due < clock.end {
            if due >= clock.warmEnd {
                recording.noAnswer(nil, due: measured(due), now: measured(.now()))
            }
            schedule?.advance()
        }
        isFinished = true
        for connection in open.values { connection.close() }
        done.succeed(recording)
    }
}

/// A request that was sent and has no answer yet.
struct PendingRequest {
    let operation: Operation
    /// Namespace and key in one number.
    let place: Int
    let due: NIODeadline
    let sent: NIODeadline
}
