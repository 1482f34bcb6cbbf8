import CatalogModel
import Invalidation
import Synchronization

/// One stream of signals from the upstream, from its first event to its end.
final class UpstreamSession: Sendable {
    private struct State {
        var lastEvent = ContinuousClock.now
        var hasConnected = false
        var isHearing: Bool?
    }

    private let client: UpstreamClient
    private let feed: UpstreamFeed
    private let state = Mutex(State())

    init(client: UpstreamClient, feed: UpstreamFeed) {
        self.client = client
        self.feed = feed
    }

    /// Passes signals on until the stream ends or falls silent; true if it began at all.
    func run() async -> Bool {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.receive() }
            group.addTask { await self.watch() }
            await group.next()
            group.cancelAll()
        }
        return state.withLock { $0.hasConnected }
    }

    private func receive() async {
        try? await client.signals { name, data throws(FeedError) in
            state.withLock { $0.lastEvent = .now }
            switch name {
            case "hello", "beat": try self.beat(data)
            case "hint": self.hint(data)
            default: break
            }
        }
    }

    /// A stream that is open and brings nothing is a dead one.
    private func watch() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: FeedLimits.pulseCheck)
            let silence = state.withLock { $0.lastEvent.duration(to: .now) }
            guard silence > UpstreamLimits.silence else { continue }
            if state.withLock({ $0.hasConnected }) {
                let missed = Int(silence / UpstreamLimits.beat)
                feed.continuation.yield(.deaf(missedHeartbeats: missed))
                return
            }
            if silence > UpstreamLimits.connectTimeout { return }
        }
    }

    private func beat(_ data: JSONValue) throws(FeedError) {
        try feed.learn(data["via"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        let isHearing = data["listening"]?.boolValue ?? false
        let (isFirst, isNew) = state.withLock { state in
            defer {
                state.hasConnected = true
                state.isHearing = isHearing
            }
            return (!state.hasConnected, state.isHearing != isHearing)
        }
        if isFirst { feed.continuation.yield(.connected) }
        guard isNew else { return }
        feed.continuation.yield(
            isHearing ? .hearing : .polling(reason: "the upstream hears nothing itself"))
    }

    private func hint(_ data: JSONValue) {
        guard let payload = data.stringValue, let hint = Hint(payload: payload) else {
            feed.continuation.yield(.unreadable)
            return
        }
        feed.continuation.yield(.hint(hint))
    }
}

/// The bounds and periods of the connection to the upstream.
enum UpstreamLimits {
    /// How often the upstream sends a beat.
    static let beat: Duration = .milliseconds(500)
    /// A stream that brought nothing for longer is dead.
    static let silence: Duration = .milliseconds(1_500)
    /// How long a stream may take to begin.
    static let connectTimeout: Duration = .seconds(5)
    /// Seconds that an answer may take, and a copy.
    static let answerSeconds: Int64 = 5
    static let copySeconds: Int64 = 600
    /// Bytes of one line: a document in the form of a JSON string.
    static let lineBytes = 64 << 20
    /// Rows, and about how many bytes of them, that are handed on at once.
    static let rowsAtOnce = 250
    static let rowBytesAtOnce = 256 << 10
}
