import CatalogModel
import Compression
import LMDB
import NIOCore
import ReadPath
import Sockets
import Telemetry

/// Answers the hits of one event loop into a buffer that is used again and again.
///
/// A value that its loop owns, so that reaching into it costs no check at run time. On its loop
/// only. Once everything has been used a few times, an answer allocates nothing.
struct LaneCore: ~Copyable {
    /// Answers that have not been handed to a connection yet.
    var output = SendBuffer(capacity: LaneLimits.firstOutputBytes)
    /// A body that comes after `output` as it lies; nothing may be answered before it is taken.
    var body: ByteBuffer?
    let lane: FastLane
    let head: LaneHead
    var codings = LaneCodings()
    var discovery: LaneDiscovery
    /// When the last answer was given.
    private(set) var answeredAt: Int64 = 0
    private let recogniser = LaneRecogniser()
    private var directory: LaneDirectory
    private let origins = LaneOrigin()
    private var date = LaneDate()
    private var ids = RequestIDs()
    private var spans = RequestIDs()
    /// The step of the client's trace that the present request is.
    private var trace: TraceContext?
    private var traceText: [UInt8] = []
    private let anonymous = Array("anonymous".utf8)

    /// What became of an entity or a page that was found.
    struct Sent {
        var status = 0
        var bodyBytes = 0
        var now: Int64 = 0
    }

    init(lane: FastLane) {
        self.lane = lane
        head = LaneHead(
            contentTypes: lane.caches.kinds.entries.map { ReadHandler.contentType(of: $0.kind) })
        discovery = LaneDiscovery(cache: lane.discovery)
        directory = LaneDirectory(caches: lane.caches, metrics: lane.namespaceMetrics)
    }

    /// The present on the lane's clock, in nanoseconds.
    static var now: Int64 { Freshness.nowNanoseconds }

    /// Makes room for new answers.
    mutating func beginOutput() {
        body = nil
        output.clear(keeping: LaneLimits.keptOutputBytes)
    }

    /// Answers the request that begins at `start`; returns where it ends, or nil when it is left.
    ///
    /// Whoever is not trusted has no name, whatever the headers say.
    @available(*, noasync)
    mutating func answer(
        _ bytes: Span<UInt8>, from start: Int, isTrusted: Bool, began: Int64
    ) -> Int? {
        guard var request = recogniser.request(in: bytes, from: start) else { return nil }
        if !isTrusted { (request.user, request.groups) = (0..<0, 0..<0) }
        let before = output.count
        guard answer(request, bytes, began: began) else {
            output.truncate(to: before)
            return nil
        }
        return start + request.byteCount
    }

    private mutating func answer(
        _ request: LaneRequest, _ bytes: Span<UInt8>, began: Int64
    ) -> Bool {
        guard !(request.hasAuthorization && lane.access.leavesTokens) else { return false }
        if let action = discovery.action(bytes.extracting(request.path)) {
            return sendDiscovery(request, bytes, action, began: began)
        }
        guard let target = lane.routes.target(of: request, in: bytes),
            let place = place(of: request, target, bytes),
            lane.access.isAllowed(
                user: bytes.extracting(request.user), groups: bytes.extracting(request.groups),
                action: target.isList ? .list : .get, kind: target.kind, namespace: place.namespace)
                == true
        else { return false }
        prepare(request, bytes, now: began)
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

    private mutating func place(
        of request: LaneRequest, _ target: LaneRoutes.Target, _ bytes: Span<UInt8>
    ) -> LaneNamespace? {
        guard lane.tenancy == .namespace else { return directory.standard() }
        let name = target.namespace.isEmpty ? request.namespace : target.namespace
        return name.isEmpty ? nil : directory[bytes.extracting(name)]
    }

    /// Makes what the head of an answer to this request ends with.
    mutating func prepare(_ request: LaneRequest, _ bytes: Span<UInt8>, now: Int64) {
        if !date.isFresh(now: now) { date.render(seconds: WallClock.seconds, now: now) }
        if request.requestID.isEmpty { ids.advance() }
        if trace != nil { trace = nil }
        guard !request.traceparent.isEmpty else { return }
        trace = TraceContext(bytes.extracting(request.traceparent))?.child(spans.advance())
        traceText.removeAll(keepingCapacity: true)
        trace?.write(into: &traceText)
    }

    /// Ends a head with what was prepared for its request.
    mutating func finishHead(_ request: LaneRequest, _ bytes: Span<UInt8>) {
        head.endLine(&output)
        let origin = bytes.extracting(request.origin)
        if !origin.isEmpty, origins.isWeb(origin) { head.allow(origin, &output) }
        head.nameRequest(&output)
        if request.requestID.isEmpty {
            output.append(hex: ids.number)
        } else {
            output.append(bytes.extracting(request.requestID))
        }
        if trace != nil { head.nameTrace(traceText, &output) }
        output.append(date.ending)
    }

    /// Looks the entity up and writes the answer; nil when there is none to be given here.
    private mutating func send(
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
        var sent = Sent()
        let outcome = place.reader.find(
            named: bytes.extracting(target.name), source: bytes.extracting(target.source),
            of: target.kind
        ) { tag, body in
            let now = Self.now
            let age = max(0, now - proven)
            // A tag of a revision that this replica has not reached is a promise to wait for it.
            guard age <= lane.ageLimit, body.count <= LaneLimits.bodyBytes,
                known.map({ $0.revision <= place.reader.revision }) ?? true
            else { return }
            let isKnown = known == tag
            head.beginEntity(of: target.kind.number, tag, isKnown: isKnown, &output)
            place.stamp(&output, age: age)
            if isKnown {
                // The body is not looked at: its last byte alone would cost a miss of the caches.
                finishHead(request, bytes)
                sent = Sent(status: 304, bodyBytes: 0, now: now)
            } else {
                let count = write(body, request, bytes)
                sent = Sent(status: 200, bodyBytes: count, now: now)
            }
        }
        return outcome == .found && sent.status != 0 ? sent : nil
    }

    /// Ends a head with the length of its body and appends the body, which ends in a newline; returns
    /// that length.
    private mutating func write(
        _ body: Span<UInt8>, _ request: LaneRequest, _ bytes: Span<UInt8>
    ) -> Int {
        let endsInNewline = !body.isEmpty && body[body.count - 1] == UInt8(ascii: "\n")
        let count = body.count + (endsInNewline ? 0 : 1)
        head.describe(.identity, bodyBytes: count, &output)
        finishHead(request, bytes)
        guard !request.isHead else { return count }
        output.append(body)
        if !endsInNewline { output.append(UInt8(ascii: "\n")) }
        return count
    }

    /// Counts an answer, and logs it when it is the turn of its line.
    mutating func record(
        _ sent: Sent, _ request: LaneRequest, _ bytes: Span<UInt8>, _ row: RequestMetrics.Row,
        _ namespace: Namespace, began: Int64
    ) {
        answeredAt = sent.now
        let micros = Int(max(0, sent.now - began) / 1_000)
        row.record(status: sent.status, micros: micros)
        guard lane.accessLog.takesNext() else { return }
        ids.render()
        let (id, anonymous) = (ids.text, anonymous)
        lane.accessLog.write(
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

/// What the loops of the library hold: the core that all connections of a loop share.
///
/// On its loop only.
final class LaneLoop {
    var core: LaneCore
    private var buffer = ByteBuffer()

    init(lane: FastLane) { core = LaneCore(lane: lane) }

    /// The core's answers as a buffer, whose memory is used again unless a connection holds it.
    func takeOutput() -> ByteBuffer {
        if buffer.capacity > LaneLimits.keptOutputBytes { buffer = ByteBuffer() }
        buffer.clear()
        buffer.writeBytes(core.output.bytes.rawBytes)
        return buffer
    }
}

/// The rule of `CORS` on bytes.
struct LaneOrigin: ~Copyable {
    private let schemes = [Array("http://".utf8), Array("https://".utf8)]

    /// Whether a page of the web asks.
    func isWeb(_ origin: Span<UInt8>) -> Bool {
        for scheme in schemes where scheme.count <= origin.count {
            var isEqual = true
            for index in scheme.indices where origin[index] != scheme[index] { isEqual = false }
            if isEqual { return true }
        }
        return false
    }
}
