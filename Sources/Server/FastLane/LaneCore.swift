import CatalogModel
import LMDB
import NIOCore
import ReadPath
import Telemetry

/// Answers the hits of one event loop into a buffer that is used again and again.
///
/// On its loop only. Once everything has been used a few times, an answer allocates nothing.
final class LaneCore {
    /// Answers that have not been handed to a connection yet.
    var output = ByteBuffer()
    /// A body that comes after `output` as it lies; nothing may be answered before it is taken.
    var body: ByteBuffer?
    let lane: FastLane
    private let recogniser = LaneRecogniser()
    private let directory: LaneDirectory
    private let beginnings: [LaneHead.Beginning]
    let pageBeginnings: [LaneHead.Beginning]
    var head = LaneHead()
    var codings = LaneCodings()
    var discovery: LaneDiscovery
    private(set) var tail: [UInt8] = []
    private var date = LaneDate()
    private var ids = RequestIDs()
    private var spans = RequestIDs()
    /// The step of the client's trace that the present request is.
    private var trace: TraceContext?
    private static let anonymous = Array("anonymous".utf8)

    /// When the last answer was given.
    private(set) var answeredAt: Int64 = 0

    /// What became of an entity or a page that was found.
    struct Sent {
        var status = 0
        var bodyBytes = 0
        var now: Int64 = 0
    }

    init(lane: FastLane) {
        self.lane = lane
        discovery = LaneDiscovery(cache: lane.discovery)
        directory = LaneDirectory(caches: lane.caches, metrics: lane.namespaceMetrics)
        beginnings = lane.caches.kinds.entries.map {
            LaneHead.Beginning(
                contentType: ReadHandler.contentType(of: $0.kind), vary: "X-Namespace")
        }
        pageBeginnings = lane.caches.kinds.entries.map {
            LaneHead.Beginning(
                contentType: ReadHandler.contentType(of: $0.kind),
                vary: "Accept-Encoding, X-Namespace")
        }
    }

    /// The present on the lane's clock, in nanoseconds.
    var now: Int64 { Freshness.nowNanoseconds }

    /// Makes room for new answers; the memory is used again unless a connection still holds it.
    func beginOutput() {
        body = nil
        if output.capacity > LaneLimits.keptOutputBytes { output = ByteBuffer() }
        output.clear()
    }

    /// Answers the request that begins at `start`; returns where it ends, or nil when it is left.
    ///
    /// Whoever is not trusted has no name, whatever the headers say.
    @available(*, noasync)
    func answer(_ bytes: Span<UInt8>, from start: Int, isTrusted: Bool, began: Int64) -> Int? {
        guard var request = recogniser.request(in: bytes, from: start) else { return nil }
        if !isTrusted { (request.user, request.groups) = (0..<0, 0..<0) }
        guard answer(request, bytes, began: began) else { return nil }
        return start + request.byteCount
    }

    private func answer(_ request: LaneRequest, _ bytes: Span<UInt8>, began: Int64) -> Bool {
        guard !(request.hasAuthorization && lane.access.leavesTokens) else { return false }
        if let action = LaneDiscovery.action(bytes.extracting(request.path)) {
            return sendDiscovery(request, bytes, action, began: began) != nil
        }
        guard let target = lane.routes.target(of: request, in: bytes),
            let place = place(of: request, target, bytes),
            lane.access.isAllowed(
                user: bytes.extracting(request.user), groups: bytes.extracting(request.groups),
                action: target.isList ? .list : .get, kind: target.kind, namespace: place.namespace)
                == true
        else { return false }
        prepareTail(request, bytes, now: began)
        let sent =
            target.isList
            ? sendPage(request, bytes, target, place) : send(request, bytes, target, place)
        guard let sent else { return false }
        place.hits.increment()
        record(
            sent, request, bytes, target.isList ? lane.lists : lane.gets, place.namespace,
            began: began)
        return true
    }

    private func place(
        of request: LaneRequest, _ target: LaneRoutes.Target, _ bytes: Span<UInt8>
    ) -> LaneNamespace? {
        guard lane.tenancy == .namespace else { return directory.standard() }
        let name = target.namespace.isEmpty ? request.namespace : target.namespace
        return name.isEmpty ? nil : directory[bytes.extracting(name)]
    }

    func prepareTail(_ request: LaneRequest, _ bytes: Span<UInt8>, now: Int64) {
        if !date.isFresh(now: now) { date.render(seconds: WallClock.seconds, now: now) }
        if request.requestID.isEmpty { ids.advance() }
        if trace != nil { trace = nil }
        if !request.traceparent.isEmpty {
            trace = TraceContext(bytes.extracting(request.traceparent))?.child(spans.next())
        }
        let origin = LaneOrigin.isWeb(bytes.extracting(request.origin)) ? request.origin : 0..<0
        let id = ids.bytes
        LaneHead.write(
            tail: &tail, origin: bytes.extracting(origin),
            requestID: request.requestID.isEmpty
                ? id.span : bytes.extracting(request.requestID),
            trace: trace, ending: date.ending)
    }

    /// Looks the entity up and writes the answer; nil when there is none to be given here.
    private func send(
        _ request: LaneRequest, _ bytes: Span<UInt8>, _ target: LaneRoutes.Target,
        _ place: LaneNamespace
    ) -> Sent? {
        var known: EntityTag?
        if !request.ifNoneMatch.isEmpty {
            known = LaneCondition.tag(bytes.extracting(request.ifNoneMatch))
            guard known != nil else { return nil }
        }
        // Asked before the cache is read: what is proven later may not be in the snapshot.
        let proven = place.reader.cache.freshness.provenNanoseconds
        guard proven > 0 else { return nil }
        let start = output.writerIndex
        var sent = Sent()
        let outcome = place.reader.find(
            named: bytes.extracting(target.name), source: bytes.extracting(target.source),
            of: target.kind
        ) { tag, body in
            sent = write(
                tag, body, target.kind, place, known, isHead: request.isHead, proven: proven)
        }
        guard outcome == .found, sent.status != 0 else {
            output.moveWriterIndex(to: start)
            return nil
        }
        return sent
    }

    private func write(
        _ tag: EntityTag, _ body: Span<UInt8>, _ kind: KindTable.Entry, _ place: LaneNamespace,
        _ known: EntityTag?, isHead: Bool, proven: Int64
    ) -> Sent {
        let now = Freshness.nowNanoseconds
        let age = max(0, now - proven)
        // A tag of a revision that this replica has not reached is a promise to wait for it.
        guard age <= lane.ageLimit, body.count <= LaneLimits.bodyBytes,
            known.map({ $0.revision <= place.reader.revision }) ?? true
        else { return Sent() }
        let isKnown = known == tag
        let endsInNewline = !body.isEmpty && body[body.count - 1] == UInt8(ascii: "\n")
        let count = body.count + (endsInNewline ? 0 : 1)
        head.begin(
            beginnings[Int(kind.number)], tag: tag, stamp: place.stamp,
            boundMs: UInt64((age + 999_999) / 1_000_000), bodyBytes: isKnown ? nil : count)
        head.finish(with: tail)
        output.writeBytes(head.bytes)
        if !isKnown, !isHead {
            output.writeBytes(body.rawBytes)
            if !endsInNewline { output.writeInteger(UInt8(ascii: "\n")) }
        }
        return Sent(status: isKnown ? 304 : 200, bodyBytes: isKnown ? 0 : count, now: now)
    }

    func record(
        _ sent: Sent, _ request: LaneRequest, _ bytes: Span<UInt8>, _ row: RequestMetrics.Row,
        _ namespace: Namespace, began: Int64
    ) {
        answeredAt = sent.now
        let micros = Int(max(0, sent.now - began) / 1_000)
        row.record(status: sent.status, micros: micros)
        let id = ids.bytes
        let anonymous = Self.anonymous
        lane.accessLog.record(
            method: request.isHead ? "HEAD" : "GET", path: bytes.extracting(request.target),
            status: sent.status, durationMicros: micros, bytes: sent.bodyBytes,
            namespace: namespace.name,
            requestId: request.requestID.isEmpty
                ? id.span : bytes.extracting(request.requestID),
            cache: .hit,
            remoteUser: request.user.isEmpty
                ? anonymous.span : bytes.extracting(request.user),
            trace: trace)
    }
}

/// The rule of `CORS` on bytes.
enum LaneOrigin {
    private static let schemes = [Array("http://".utf8), Array("https://".utf8)]

    /// Whether a page of the web asks.
    static func isWeb(_ origin: Span<UInt8>) -> Bool {
        for scheme in schemes where scheme.count <= origin.count {
            var isEqual = true
            for index in scheme.indices where origin[index] != scheme[index] { isEqual = false }
            if isEqual { return true }
        }
        return false
    }
}
