import AsyncHTTPClient
import CatalogModel
import Invalidation
import NIOCore
import NIOHTTP1

/// The requests that a replica makes of the one that feeds it.
struct UpstreamClient: Sendable {
    /// Heads with the replicas that they come through.
    struct HeadsAnswer: Sendable {
        let read: HeadsRead
        let via: [String]
        /// Why the upstream cannot say anything of the store.
        let problem: String?

        func requireSource() throws(FeedError) {
            if let problem { throw FeedError(.storeUnavailable, "the upstream says: \(problem)") }
        }
    }

    private let base: String
    private let name: String

    init(url: String, name: String) {
        var base = url
        while base.hasSuffix("/") { base.removeLast() }
        self.base = "\(base)/api/changes/v1alpha1/replica/"
        self.name = name
    }

    static var unexpected: FeedError {
        FeedError(.malformedRow, "the upstream answered something else than was asked")
    }

    // MARK: Reads

    func heads(of namespaces: [Namespace]) async throws(FeedError) -> HeadsAnswer {
        var request = request("heads", in: nil)
        request.method = .POST
        let body: JSONValue = ["namespaces": .array(namespaces.map { .string($0.name) })]
        request.body = .bytes(body.encoded)
        request.headers.add(name: "Content-Type", value: "application/json")
        let asked = request
        let bytes = try await guarded {
            let response = try await send(asked, seconds: UpstreamLimits.answerSeconds)
            let buffer = try await response.body.collect(upTo: UpstreamLimits.lineBytes)
            return Array(buffer.readableBytesView)
        }
        guard let value = try? JSONParser.parse(bytes) else { throw FeedWire.malformed }
        return try Self.headsAnswer(value)
    }

    private static func headsAnswer(_ value: JSONValue) throws(FeedError) -> HeadsAnswer {
        var heads: [NamespaceHead] = []
        var behind: [Namespace: Duration] = [:]
        for element in value["heads"]?.arrayValue ?? [] {
            guard let namespace = element["namespace"]?.stringValue.flatMap({ try? Namespace($0) }),
                let epoch = element["epoch"]?.stringValue,
                let revision = element["revision"]?.intValue, revision >= 0,
                let digest = element["digest"]?.stringValue.flatMap({ ContentDigest.value(of: $0) }
                ),
                let behindMs = element["behindMs"]?.intValue, behindMs >= 0
            else { throw FeedWire.malformed }
            heads.append(
                NamespaceHead(
                    namespace: namespace, epoch: Epoch(epoch),
                    revision: Revision(UInt64(revision)), digest: digest,
                    lineage: Lineage(element["lineage"]?.stringValue ?? "")))
            behind[namespace] = .milliseconds(behindMs)
        }
        let pending = (value["pending"]?.arrayValue ?? []).compactMap { element in
            element.stringValue.flatMap { try? Namespace($0) }
        }
        return HeadsAnswer(
            read: HeadsRead(heads: heads, behind: behind, pending: Set(pending)),
            via: (value["via"]?.arrayValue ?? []).compactMap(\.stringValue),
            problem: value["problem"]?.stringValue)
    }

    /// Reads lines up to the last one, which is returned.
    func read(
        _ target: String, in namespace: Namespace, line: (FeedWire.Line) -> Void
    ) async throws(FeedError) -> FeedWire.End {
        let request = request(target, in: namespace)
        return try await guarded {
            let response = try await send(request, seconds: UpstreamLimits.answerSeconds)
            var lines = LineReader(response.body)
            while let bytes = try await lines.next() {
                switch try FeedWire.line(bytes) {
                case .end(.failed(let error)): throw error
                case .end(let end): return end
                case let other: line(other)
                }
            }
            throw FeedError(.storeUnavailable, "the upstream's answer broke off")
        }
    }

    /// Hands over rows as they come; nothing more is read before they are taken.
    func copy(
        _ kind: CollectionName, in namespace: Namespace,
        rows: @Sendable ([StoredEntity]) async throws(FeedError) -> Void
    ) async throws(FeedError) -> CollectionSnapshot {
        let request = request("snapshot?plugin=\(kind.plugin)&kind=\(kind.kind)", in: namespace)
        return try await guarded {
            let response = try await send(request, seconds: UpstreamLimits.copySeconds)
            var lines = LineReader(response.body)
            var batch: [StoredEntity] = []
            var bytesOfBatch = 0
            var head: NamespaceHead?
            var collection: CollectionHead?
            while let bytes = try await lines.next() {
                switch try FeedWire.line(bytes) {
                case .change(.put(let entity)):
                    batch.append(entity)
                    bytesOfBatch += entity.doc.count
                    guard
                        batch.count >= UpstreamLimits.rowsAtOnce
                            || bytesOfBatch >= UpstreamLimits.rowBytesAtOnce
                    else { continue }
                    try await rows(batch)
                    batch = []
                    bytesOfBatch = 0
                case .head(let read): head = read
                case .collection(let read): collection = read
                case .end(.failed(let error)): throw error
                case .end(.copied(let hasHead)):
                    guard hasHead == (head != nil) else { throw Self.unexpected }
                    if !batch.isEmpty { try await rows(batch) }
                    return CollectionSnapshot(head: head, collection: collection)
                default: throw Self.unexpected
                }
            }
            throw FeedError(.storeUnavailable, "the upstream's copy broke off")
        }
    }

    // MARK: Signals

    /// Calls back for each event until the stream ends or the callback throws.
    func signals(
        event: (String, JSONValue) throws(FeedError) -> Void
    ) async throws(FeedError) {
        let request = request("signals", in: nil)
        try await guarded {
            let response = try await HTTPClient.shared.execute(
                request, deadline: .distantFuture)
            guard response.status == .ok else { throw Self.refused(response.status.code) }
            var lines = LineReader(response.body)
            var name = ""
            while let bytes = try await lines.next() {
                let text = String(decoding: bytes, as: UTF8.self)
                if text.hasPrefix("event: ") {
                    name = String(text.dropFirst("event: ".count))
                } else if text.hasPrefix("data: ") {
                    guard let data = try? JSONParser.parse(String(text.dropFirst(6))) else {
                        throw FeedWire.malformed
                    }
                    try event(name, data)
                }
            }
        }
    }

    // MARK: Transport

    private func request(_ target: String, in namespace: Namespace?) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: base + target)
        request.headers.add(name: "X-User-Role", value: "operator")
        request.headers.add(name: "X-Remote-User", value: "system:replica:\(name)")
        if let namespace { request.headers.add(name: "X-Namespace", value: namespace.name) }
        return request
    }

    private func send(
        _ request: HTTPClientRequest, seconds: Int64
    ) async throws -> HTTPClientResponse {
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(seconds))
        guard response.status == .ok else { throw Self.refused(response.status.code) }
        return response
    }

    private static func refused(_ status: UInt) -> FeedError {
        FeedError(.storeUnavailable, "the upstream answered with status \(status)")
    }

    /// Whatever goes wrong on the way means that the upstream is away.
    private func guarded<Value>(
        _ body: () async throws -> Value
    ) async throws(FeedError) -> Value {
        do {
            return try await body()
        } catch let error as FeedError {
            throw error
        } catch {
            throw FeedError(.storeUnavailable, "the upstream does not answer: \(error)")
        }
    }
}

/// Takes lines out of a body, one after the other.
private struct LineReader {
    private var parts: HTTPClientResponse.Body.AsyncIterator
    private var buffer = ByteBuffer()
    private var searched = 0

    init(_ body: HTTPClientResponse.Body) {
        parts = body.makeAsyncIterator()
    }

    /// The next line without its end, or nil at the end of the body.
    mutating func next() async throws -> [UInt8]? {
        while true {
            let view = buffer.readableBytesView
            if let end = view.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n")) {
                let line = buffer.readBytes(length: end - view.startIndex) ?? []
                buffer.moveReaderIndex(forwardBy: 1)
                buffer.discardReadBytes()
                searched = 0
                return line
            }
            searched = view.count
            guard view.count <= UpstreamLimits.lineBytes else {
                throw FeedError(.malformedRow, "the upstream sent a line that is too long")
            }
            guard var part = try await parts.next(isolation: #isolation) else { return nil }
            buffer.writeBuffer(&part)
        }
    }
}
