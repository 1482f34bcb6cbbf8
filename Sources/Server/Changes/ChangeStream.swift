import CatalogModel
import HTTPTypes
import Hummingbird
import Invalidation
import Telemetry

/// One stream of server-sent events; what it has sent, it has sent whole.
///
/// Only events that end a revision have an id, so that no resumption begins within one. A write
/// waits until the socket takes it, and nothing is read meanwhile: a slow client costs one batch.
struct ChangeStream: Sendable {
    let hub: ChangeHub
    let namespace: Namespace
    let request: ChangesRequest
    let metrics: ChangeMetrics
    /// How long one write may wait for the client.
    let writeTimeout: Duration
    /// Throws when the client may no longer see what changes.
    let checkAccess: @Sendable () async throws -> Void

    func response(
        from first: ChangeHub.Step, _ seat: ChangeSeats.Seat, _ exchange: Exchange
    ) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream", .cacheControl: "no-store",
                .vary: "X-Namespace", .connection: "close", .accelBuffering: "no",
            ],
            body: ResponseBody { writer in
                defer { _ = seat }
                let channel = writer
                let stalled = metrics.stalled
                try await exchange.whileClientListens {
                    let watch = StallWatch(exchange.channel, limit: writeTimeout, stalls: stalled)
                    async let _: Void = watch.run()
                    var writer = channel
                    try await run(from: first, EventBuffer(watch: watch), &writer)
                }
                try await writer.finish(nil)
            })
    }

    @concurrent private func run(
        from first: ChangeHub.Step, _ buffer: EventBuffer, _ writer: inout any ResponseBodyWriter
    ) async throws {
        var out = buffer
        out.retry(ms: ServerLimits.streamRetryMs)
        var cursor = request.cursor
        var step = first
        let end = ContinuousClock.now + Self.lifetime()
        // Whoever connects learns at once how far what it has is complete.
        var bookmarkAt = ContinuousClock.now
        var lookAt = bookmarkAt
        while true {
            switch step {
            case .revisions(let revisions, let epoch, let next):
                // A right that ended while the stream was open ends the stream.
                do { try await checkAccess() } catch {
                    return try await finish("forbidden", &out, &writer)
                }
                try await send(revisions, of: epoch, &out, &writer)
                cursor = next
            case .caughtUp(let place): cursor = place ?? cursor
            case .lost(let head): return try await reset(.lost(head), &out, &writer)
            case .belowFloor(let head, let floor):
                return try await reset(.belowFloor(head, floor: floor), &out, &writer)
            case .stopped: return try await finish("shutdown", &out, &writer)
            }
            if case .caughtUp = step, ContinuousClock.now >= bookmarkAt {
                let bound = cursor.flatMap { hub.bound(at: $0, in: namespace) }
                if bound == nil, ContinuousClock.now < bookmarkAt + ServerLimits.bookmarkPatience {
                    // The log is being read on to what this replica has applied.
                    lookAt = .now + ServerLimits.bookmarkRetry
                } else {
                    bookmark(cursor, bound, &out)
                    bookmarkAt = .now + ServerLimits.bookmarkInterval
                    lookAt = bookmarkAt
                }
            }
            try await out.flush(to: &writer)
            if ContinuousClock.now >= end { return try await finish("lifetime", &out, &writer) }
            try Task.checkCancellation()
            do throws(FeedError) {
                step = try await hub.next(in: namespace, after: cursor, until: lookAt)
            } catch {
                // The store is away: the client learns from the bookmark how old it may be.
                try await Task.sleep(for: ServerLimits.streamPause)
                step = .caughtUp(cursor)
            }
        }
    }

    @concurrent private func send(
        _ revisions: [LoggedRevision], of epoch: Epoch, _ out: inout EventBuffer,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        var isComplete = true
        for revision in revisions {
            var count = 0
            for change in revision.changes where request.includes(change) {
                out.event(
                    "change", .object(ChangeJSON.change(change, revision, request.includesBody)))
                count += 1
                if out.isLarge { try await out.flush(to: &writer) }
            }
            metrics.changes.increment(by: count)
            isComplete = count > 0 || !request.isFiltered
            guard isComplete else { continue }
            out.event(
                "revision",
                ["revision": .int(revision.revision.value), "changes": .int(count)],
                id: place(of: revision, epoch))
        }
        guard !isComplete, let last = revisions.last.map({ place(of: $0, epoch) }) else { return }
        bookmark(last, hub.bound(at: last, in: namespace), &out)
    }

    private func place(of revision: LoggedRevision, _ epoch: Epoch) -> ChangeCursor {
        ChangeCursor(epoch: epoch, revision: revision.revision, digest: revision.digest)
    }

    /// Says that everything up to the place has been sent, and how old that can be, if it is known.
    private func bookmark(_ cursor: ChangeCursor?, _ bound: Duration?, _ out: inout EventBuffer) {
        guard let cursor else { return }
        var object: JSONObject = ["revision": .int(cursor.revision.value)]
        object["epoch"] = cursor.epoch.map { .string($0.text) } ?? .null
        let boundMs = bound.flatMap { Int64($0.wholeMsUp) }
        object["stalenessBoundMs"] = boundMs.map { .int($0) } ?? .null
        out.event("bookmark", .object(object), id: cursor.epoch == nil ? nil : cursor)
        metrics.bookmarks.increment()
    }

    @concurrent private func reset(
        _ refusal: ChangeRefusal, _ out: inout EventBuffer, _ writer: inout any ResponseBodyWriter
    ) async throws {
        metrics.count(refusal)
        var object = JSONObject()
        for detail in refusal.details.sorted(by: { $0.key < $1.key }) {
            object[detail.key] = .string(detail.value)
        }
        out.event("reset", .object(object))
        try await out.flush(to: &writer)
    }

    @concurrent private func finish(
        _ reason: String, _ out: inout EventBuffer, _ writer: inout any ResponseBodyWriter
    ) async throws {
        out.event("end", ["reason": .string(reason)])
        try await out.flush(to: &writer)
    }

    /// Streams end after a while, so that they spread over the replicas again.
    private static func lifetime() -> Duration {
        ServerLimits.streamLifetime * Double.random(in: 0.9...1.1)
    }
}

/// Events in their wire form, gathered for one write.
struct EventBuffer: Sendable {
    private let watch: StallWatch
    private var bytes: [UInt8] = []

    init(watch: StallWatch) { self.watch = watch }

    var isLarge: Bool { bytes.count >= ServerLimits.streamWriteBytes }

    mutating func retry(ms: Int) { bytes += "retry: \(ms)\n\n".utf8 }

    mutating func event(_ name: String, _ data: JSONValue, id: ChangeCursor? = nil) {
        bytes += "event: \(name)\n".utf8
        if let id { bytes += "id: \(id)\n".utf8 }
        bytes += "data: ".utf8
        JSONWriter.append(data, to: &bytes)
        bytes += "\n\n".utf8
    }

    /// Returns once the socket has taken what was gathered.
    @concurrent mutating func flush(to writer: inout any ResponseBodyWriter) async throws {
        guard !bytes.isEmpty else { return }
        watch.begin()
        defer { watch.end() }
        try await writer.write(ByteBuffer(bytes: bytes))
        bytes.removeAll(keepingCapacity: bytes.count < 2 * ServerLimits.streamWriteBytes)
    }
}
