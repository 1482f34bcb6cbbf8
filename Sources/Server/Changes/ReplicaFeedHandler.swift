import AsyncAlgorithms
import CatalogModel
import HTTPTypes
import Hummingbird
import Invalidation

/// What replicas that are fed by this one ask: heads, ranges, copies, the log and signals.
///
/// They see every namespace, so the caller has to be an operator.
struct ReplicaFeedHandler: Sendable {
    /// What is asked for, the last part of the path.
    enum Part: String, CaseIterable, Sendable {
        case heads, range, log, snapshot, signals
    }

    let relay: FeedRelay
    let hub: ChangeHub
    let seats: ChangeSeats
    /// How long one write of a stream may wait for the replica that reads it.
    let writeTimeout: Duration

    func respond(to part: Part, _ exchange: Exchange) async throws -> Response {
        try exchange.identity.requireOperator()
        switch part {
        case .heads: return try await heads(exchange)
        case .range: return try await range(exchange)
        case .log: return try await log(exchange)
        case .snapshot: return try snapshot(exchange)
        case .signals: return try signals(exchange)
        }
    }

    // MARK: Heads

    private func heads(_ exchange: Exchange) async throws -> Response {
        let (body, _) = try await exchange.json(limit: ServerLimits.entityBodyBytes)
        let namespaces = try (body["namespaces"]?.arrayValue ?? []).map { element in
            try Namespace(element.stringValue ?? "")
        }
        var object: JSONObject = [:]
        object["via"] = .array(relay.via.map { .string($0) })
        do throws(FeedError) {
            let read = try await relay.heads(of: namespaces)
            object["heads"] = .array(read.heads.map { .object(Self.head($0, read)) })
            object["pending"] = .array(read.pending.sorted().map { .string($0.name) })
        } catch {
            object["problem"] = .string(error.message)
        }
        return .json(.object(object), headers: [.cacheControl: "no-store"])
    }

    private static func head(_ head: NamespaceHead, _ read: HeadsRead) -> JSONObject {
        [
            "namespace": .string(head.namespace.name), "epoch": .string(head.epoch.text),
            "revision": .int(head.revision.value),
            "digest": .string(ContentDigest.text(of: head.digest)),
            "lineage": .string(head.lineage.text),
            "behindMs": .int(wholeMs(read.behind[head.namespace] ?? .zero)),
        ]
    }

    /// Milliseconds, never fewer than the duration has.
    private static func wholeMs(_ duration: Duration) -> Int64 { Int64(duration.wholeMsUp) ?? 0 }

    // MARK: Reads

    private func from(_ exchange: Exchange) throws(RequestError) -> Revision {
        guard let from = Revision(text: exchange.query["from"] ?? "") else {
            throw .badRequest("from must be a revision")
        }
        return from
    }

    private func range(_ exchange: Exchange) async throws -> Response {
        let range = try await relay.changes(in: exchange.namespace, after: try from(exchange))
        var bytes: [UInt8] = []
        switch range.read {
        case .batch(let batch):
            FeedWire.append(.head(batch.head), to: &bytes)
            for collection in batch.collections {
                FeedWire.append(.collection(collection), to: &bytes)
            }
            for change in batch.changes { FeedWire.append(.change(change), to: &bytes) }
            let end = FeedWire.End.batch(
                after: batch.after, behindMs: Self.wholeMs(range.behind))
            FeedWire.append(.end(end), to: &bytes)
        case .tooFar(let head):
            FeedWire.append(.head(head), to: &bytes)
            FeedWire.append(.end(.tooFar), to: &bytes)
        case .unknownNamespace: FeedWire.append(.end(.unknownNamespace), to: &bytes)
        }
        return lines(bytes)
    }

    private func log(_ exchange: Exchange) async throws -> Response {
        var bytes: [UInt8] = []
        switch try await relay.page(in: exchange.namespace, after: try from(exchange)) {
        case .page(let page):
            FeedWire.append(.head(page.head), to: &bytes)
            for revision in page.revisions { FeedWire.append(.revision(revision), to: &bytes) }
            let end = FeedWire.End.page(
                floor: page.floor, after: page.after, digestBefore: page.digestBefore)
            FeedWire.append(.end(end), to: &bytes)
        case .belowFloor(let head, let floor):
            FeedWire.append(.head(head), to: &bytes)
            FeedWire.append(.end(.belowFloor(floor)), to: &bytes)
        case .unknownNamespace: FeedWire.append(.end(.unknownNamespace), to: &bytes)
        }
        return lines(bytes)
    }

    private func lines(_ bytes: [UInt8]) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/x-ndjson", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    // MARK: Copies

    /// Rows as they come from this replica's own feed; the next are read when these are sent.
    private func snapshot(_ exchange: Exchange) throws -> Response {
        guard let plugin = exchange.query.nonEmpty("plugin"),
            let kind = exchange.query.nonEmpty("kind")
        else { throw RequestError.badRequest("plugin and kind are required") }
        try relay.requireSource()
        let name = CollectionName(plugin: plugin, kind: kind)
        let (relay, namespace) = (relay, exchange.namespace)
        return Response(
            status: .ok,
            headers: [.contentType: "application/x-ndjson", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                let channel = AsyncChannel<[UInt8]>()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        await Self.copy(name, in: namespace, from: relay, to: channel)
                    }
                    for await bytes in channel { try await writer.write(ByteBuffer(bytes: bytes)) }
                    try await group.waitForAll()
                }
                try await writer.finish(nil)
            })
    }

    private static func copy(
        _ name: CollectionName, in namespace: Namespace, from relay: FeedRelay,
        to channel: AsyncChannel<[UInt8]>
    ) async {
        var last: [UInt8] = []
        do throws(FeedError) {
            let snapshot = try await relay.feed.copy(name, in: namespace) {
                rows throws(FeedError) in
                var bytes: [UInt8] = []
                for row in rows { FeedWire.append(.change(.put(row)), to: &bytes) }
                await channel.send(bytes)
                guard !Task.isCancelled else { throw FeedError(.stopped, "nobody reads the copy") }
            }
            if let head = snapshot.head { FeedWire.append(.head(head), to: &last) }
            if let collection = snapshot.collection {
                FeedWire.append(.collection(collection), to: &last)
            }
            FeedWire.append(.end(.copied(hasHead: snapshot.head != nil)), to: &last)
        } catch {
            FeedWire.append(.end(.failed(error)), to: &last)
        }
        await channel.send(last)
        channel.finish()
    }

    // MARK: Signals

    private func signals(_ exchange: Exchange) throws(RequestError) -> Response {
        let seat = try seats.takeForReplica()
        let (relay, hub, writeTimeout) = (relay, hub, writeTimeout)
        let stalled = seats.metrics.stalled
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream", .cacheControl: "no-store",
                .connection: "close", .accelBuffering: "no",
            ],
            body: ResponseBody { writer in
                defer { _ = seat }
                let channel = writer
                try await exchange.whileClientListens {
                    let watch = StallWatch(exchange.channel, limit: writeTimeout, stalls: stalled)
                    async let _: Void = watch.run()
                    var writer = channel
                    try await SignalStream(relay: relay, hub: hub).run(watch, &writer)
                }
                try await writer.finish(nil)
            })
    }
}
