import NIOCore
import Synchronization
import Telemetry

/// Hangs up on a client that has stopped taking what it is sent.
///
/// A write of a stream returns when the socket has room for it, however long that takes. Nobody would
/// notice a client that is there and never reads again, and its seat would never be free.
final class StallWatch: Sendable {
    private let channel: any Channel
    private let limit: Duration
    private let stalls: Counter
    private let writingSince = Mutex<ContinuousClock.Instant?>(nil)

    init(_ channel: any Channel, limit: Duration, stalls: Counter) {
        self.channel = channel
        self.limit = limit
        self.stalls = stalls
    }

    /// A write begins.
    func begin() { writingSince.withLock { $0 = .now } }

    /// The write is over, whatever came of it.
    func end() { writingSince.withLock { $0 = nil } }

    /// Closes the connection once a single write has taken longer than the limit; until cancelled.
    @concurrent func run() async {
        while !Task.isCancelled {
            let since = writingSince.withLock { $0 }
            if let since, since.duration(to: .now) >= limit {
                stalls.increment()
                // The write under way fails, and with it the stream.
                return channel.close(mode: .all, promise: nil)
            }
            try? await Task.sleep(until: (since ?? .now) + limit, clock: .continuous)
        }
    }
}
