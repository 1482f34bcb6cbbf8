import CatalogModel
import Foundation
import NIOCore
import NIOEmbedded
import NIOHTTP1
import ReadPath
import Telemetry
import Testing

@testable import Server

/// A cache of a few entities with the lane in front of it, all in this process.
final class LaneFixture {
    static let kinds = KindTable(plugins: Plugins.all)

    let lane: FastLane
    let registry = MetricsRegistry()
    let cache: NamespaceCache
    private let writer = LineWriter { _ in }
    private let path: String

    init(
        mode: LaneMode = .bytes, access: HitAccess = .open, proxies: TrustedProxies = .any,
        logEvery: Int = 1
    ) throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("lane-test-\(UUID().uuidString)").path
        let caches = CacheDirectory(path: path, kinds: Self.kinds, bootID: "boot")
        let rows = Self.rows()
        let head = NamespaceHead(
            namespace: .default, epoch: Epoch("7d3c8f8e-0b53-4f5e-9a35-5f8b5a3f9a11"),
            revision: Revision(7), digest: 0)
        cache = try caches.create(at: head)
        try Self.fill(cache, head, rows)
        cache.freshness.prove(at: .now)
        lane = FastLane(
            mode: mode, tenancy: .single,
            policy: DegradedPolicy(
                stalenessLimit: .seconds(3_600), stalenessMaximum: nil, failsClosed: false,
                failClosedNamespaces: []),
            access: access,
            identities: IdentityReader(proxies: proxies, tokens: nil, isReviewing: false),
            caches: caches, registry: registry,
            metrics: RequestMetrics(registry: registry),
            namespaceMetrics: NamespaceMetricsFamily(registry: registry),
            accessLog: AccessLog(writer: writer, sampleEvery: logEvery))
    }

    deinit {
        try? cache.close()
        writer.close()
        try? FileManager.default.removeItem(atPath: path)
    }

    private static func rows() -> [(KindTable.Entry, [StoredEntity])] {
        let names: [(plugin: String, kind: String, entities: [(name: String, source: String)])] = [
            ("agents", "Agent", [("one", "s1"), ("Two", "s1"), ("two", "s1"), ("a/b", "s2")]),
            ("model", "CatalogModel", [("org/m", "s1"), ("org/m", "s2"), ("only", "s1")]),
        ]
        let others = kinds.entries.filter { entry in
            !names.contains { $0.plugin == entry.plugin.name && $0.kind == entry.kind.kind }
        }
        var id: Int64 = 0
        let all = names + others.map { ($0.plugin.name, $0.kind.kind, [("each", "s1")]) }
        return all.compactMap { plugin, kind, entities in
            guard let entry = kinds.entry(plugin: plugin, kind: kind) else { return nil }
            return (
                entry,
                entities.map { name, source in
                    id += 1
                    let text = String(repeating: "x", count: 1_100)
                    return StoredEntity(
                        key: EntityKey(plugin: plugin, kind: kind, source: source, name: name),
                        id: id, version: 1, revision: Revision(UInt64(id)), createdAtMs: 1,
                        updatedAtMs: 2,
                        doc: Array("{\"name\":\"\(name)\",\"description\":\"\(text)\"}".utf8))
                }
            )
        }
    }

    /// Copies the rows in; the digest that the store would name is the one the cache computes.
    private static func fill(
        _ cache: NamespaceCache, _ head: NamespaceHead, _ rows: [(KindTable.Entry, [StoredEntity])]
    ) throws {
        for (kind, entities) in rows {
            try cache.beginCopy(of: kind)
            try cache.copy(entities, of: kind)
        }
        let collections = try rows.map { kind, entities in
            let state = try #require(try cache.state(of: kind))
            return CollectionHead(
                plugin: kind.plugin.name, kind: kind.kind.kind, revision: Revision(7),
                digest: state.digest, entityCount: entities.count)
        }
        let failed = try cache.apply(
            ChangeBatch(
                head: head, after: head.revision, changes: [], collections: collections),
            installing: rows.map { $0.0.number })
        #expect(failed.isEmpty)
    }

    /// Renders a page of agents as the router does when it is asked first.
    func renderPage(_ target: String) throws -> RenderedPage {
        let path = target.prefix { $0 != "?" }
        let kind = try #require(Self.kinds.entries.first { $0.kind.listPath == String(path) })
        let query = try ListQuery(
            kind: kind, namespace: .default,
            parameters: QueryParameters(target.dropFirst(path.count + 1)))
        let read = try cache.renderedPage(query, target: Array(target.utf8))
        guard case .hit(let page, _) = read else { throw ColdCollection() }
        return page
    }

    struct ColdCollection: Error {}

    /// A connection with the lane, the decoder, and a router whose answers the test decides on.
    func connect() throws -> LaneConnectionFixture {
        try LaneConnectionFixture(self)
    }
}

/// One connection without a socket.
final class LaneConnectionFixture {
    let channel = EmbeddedChannel()
    let router = TestRouter()
    let front: LaneFrontHandler
    /// Keeps the cache open.
    private let fixture: LaneFixture

    init(_ fixture: LaneFixture) throws {
        self.fixture = fixture
        let lane = fixture.lane
        front = LaneFrontHandler(
            loop: lane.state(on: channel.eventLoop), answersBytes: lane.mode == .bytes,
            idleTimeout: .seconds(60))
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(front)
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false,
            withOutboundHeaderValidation: false)
        try pipeline.addHandler(LanePartHandler(front: front))
        try pipeline.addHandler(router)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: some Sequence<UInt8>) throws {
        try channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    /// Everything that was sent so far and not taken yet.
    func received() throws -> String {
        var text = ""
        while let data = try channel.readOutbound(as: IOData.self) {
            guard case .byteBuffer(let buffer) = data else { continue }
            text += String(buffer: buffer)
        }
        return text
    }

    /// The first lines of the answers, each with the number of body bytes that it announces.
    func statuses() throws -> [String] {
        try received().split(whereSeparator: \.isNewline).filter { $0.hasPrefix("HTTP/1.1 ") }
            .map { String($0.dropFirst(9)) }
    }
}

/// Stands for the router: keeps requests until the test lets them be answered, in order.
final class TestRouter: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private(set) var requests: [String] = []
    private(set) var errors = 0
    private var waiting = 0
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): requests.append("\(head.method) \(head.uri)")
        case .body: break
        case .end: waiting += 1
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { errors += 1 }

    /// Answers the next request with a status that the lane never uses.
    func answer() {
        guard let context, waiting > 0 else { return }
        waiting -= 1
        let head = HTTPResponseHead(
            version: .http1_1, status: .accepted, headers: ["Content-Length": "0"])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
