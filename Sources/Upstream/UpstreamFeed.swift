package import CatalogModel
package import Invalidation
import Synchronization

/// The change feed out of another replica: heads, ranges and copies by requests, hints by a stream.
///
/// What the upstream tells may be older than the question; the answer says by how much, so that
/// what is shown to be fresh is so. Callable from anywhere.
package final class UpstreamFeed: ChangeFeed, ChangeLog {
    private let client: UpstreamClient
    private let name: String
    private let chain = Mutex<[String]?>(nil)
    let continuation: AsyncStream<FeedSignal>.Continuation
    package let signals: AsyncStream<FeedSignal>
    private let stops: AsyncStream<Void>
    private let stopper: AsyncStream<Void>.Continuation

    /// A feed from the replica at `url`, an address without a path; `name` is this replica's.
    package init(url: String, name: String) {
        client = UpstreamClient(url: url, name: name)
        self.name = name
        (signals, continuation) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(FeedLimits.maxSignals))
        (stops, stopper) = AsyncStream.makeStream()
    }

    /// The replicas that this one is fed by, nearest first; nil until the upstream has answered.
    package var upstreams: [String]? { chain.withLock { $0 } }

    // MARK: Heads

    package func heads(of namespaces: [Namespace]) async throws(FeedError) -> [NamespaceHead] {
        try await readHeads(of: namespaces).heads
    }

    package func readHeads(of namespaces: [Namespace]) async throws(FeedError) -> HeadsRead {
        let answer = try await client.heads(of: namespaces)
        try learn(answer.via)
        try answer.requireSource()
        return answer.read
    }

    /// Refuses an upstream that this replica feeds itself, over however many others.
    func learn(_ via: [String]) throws(FeedError) {
        guard !via.contains(name) else {
            chain.withLock { $0 = nil }
            throw FeedError(.storeUnavailable, "the upstream is fed by this replica")
        }
        chain.withLock { $0 = via }
    }

    // MARK: Ranges, copies and the log

    package func changes(
        in namespace: Namespace, after revision: Revision
    ) async throws(FeedError) -> RangeRead {
        var head: NamespaceHead?
        var changes: [Change] = []
        var collections: [CollectionHead] = []
        let end = try await client.read("range?from=\(revision.value)", in: namespace) { line in
            switch line {
            case .head(let read): head = read
            case .change(let change): changes.append(change)
            case .collection(let collection): collections.append(collection)
            default: break
            }
        }
        switch (end, head) {
        case (.batch(revision, let behindMs), let head?):
            return .batch(
                ChangeBatch(
                    head: head, after: revision, changes: changes, collections: collections,
                    behind: .milliseconds(behindMs)))
        case (.tooFar, let head?): return .tooFar(head)
        case (.unknownNamespace, _): return .unknownNamespace
        default: throw UpstreamClient.unexpected
        }
    }

    package func copy(
        _ kind: CollectionName, in namespace: Namespace,
        rows: @Sendable ([StoredEntity]) async throws(FeedError) -> Void
    ) async throws(FeedError) -> CollectionSnapshot {
        try await client.copy(kind, in: namespace, rows: rows)
    }

    package func log(
        in namespace: Namespace, after revision: Revision
    ) async throws(FeedError) -> LogRead {
        var head: NamespaceHead?
        var revisions: [LoggedRevision] = []
        let end = try await client.read("log?from=\(revision.value)", in: namespace) { line in
            switch line {
            case .head(let read): head = read
            case .revision(let logged): revisions.append(logged)
            default: break
            }
        }
        switch (end, head) {
        case (.page(let floor, revision, let digestBefore), let head?):
            let page = LogPage(
                head: head, floor: floor, after: revision, digestBefore: digestBefore,
                revisions: revisions)
            guard page.isDense else { throw FeedError(.malformedRow, "the log has a gap") }
            return .page(page)
        case (.belowFloor(let floor), let head?): return .belowFloor(head, floor: floor)
        case (.unknownNamespace, _): return .unknownNamespace
        default: throw UpstreamClient.unexpected
        }
    }

    // MARK: Signals

    /// Listens to the upstream until `stop`, connecting anew whenever the stream ends.
    package func listen() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.connectAgainAndAgain() }
            for await _ in stops {}
            group.cancelAll()
        }
        continuation.finish()
    }

    package func stop() { stopper.finish() }

    private func connectAgainAndAgain() async {
        var failures = 0
        while !Task.isCancelled {
            let session = UpstreamSession(client: client, feed: self)
            if await session.run() { failures = 0 }
            continuation.yield(.disconnected)
            failures += 1
            try? await Task.sleep(for: Self.pause(after: failures))
        }
    }

    /// Full jitter between 50 ms and a bound that doubles up to 2 s.
    private static func pause(after failures: Int) -> Duration {
        .milliseconds(Int.random(in: 50...min(2_000, 100 << min(failures, 5))))
    }
}
