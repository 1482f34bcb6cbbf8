import CatalogModel
import Hummingbird
import Invalidation

/// Tells one replica what this one has applied, with a beat that shows that it still does.
struct SignalStream: Sendable {
    let relay: FeedRelay
    let hub: ChangeHub

    @concurrent func run(
        _ watch: StallWatch, _ writer: inout any ResponseBodyWriter
    ) async throws {
        let subscription = relay.replicator.applied.subscribe()
        let hub = hub
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled, !hub.isStopped {
                    subscription.wake()
                    try await Task.sleep(for: ServerLimits.signalBeat)
                }
                subscription.wake()
            }
            var out = EventBuffer(watch: watch)
            var beatAt = ContinuousClock.now
            var name = "hello"
            for await _ in subscription.wakes {
                for hint in subscription.take() { out.event("hint", .string(hint.payload)) }
                if ContinuousClock.now >= beatAt {
                    beatAt = .now + ServerLimits.signalBeat * 0.8
                    out.event(name, .object(try await beat()))
                    name = "beat"
                }
                if hub.isStopped { out.event("end", ["reason": "shutdown"]) }
                try await out.flush(to: &writer)
                if hub.isStopped { break }
            }
            group.cancelAll()
        }
    }

    private func beat() async throws -> JSONObject {
        [
            "via": .array(relay.via.map { .string($0) }),
            "listening": .bool(await relay.replicator.isHearing),
        ]
    }
}
