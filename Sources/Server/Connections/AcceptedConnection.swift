import Hummingbird
import HummingbirdCore
import NIOCore
import NIOHTTPTypes
import Synchronization

/// A connection that was set up and waits to be handled; it is closed where nobody comes for it.
///
/// A server that stops drops the connections that it accepted in the same moment, and an
/// asynchronous channel that is dropped before its writer was finished ends the process.
final class AcceptedConnection: ServerChildChannelValue {
    typealias Parts = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let channel: any Channel
    private let waiting: Mutex<Parts?>

    init(_ parts: Parts) {
        channel = parts.channel
        waiting = Mutex(parts)
    }

    /// The parts of its requests and answers, for the one who handles it; nil the second time.
    func take() -> Parts? {
        waiting.withLock { parts in
            defer { parts = nil }
            return parts
        }
    }

    deinit {
        guard let parts = take() else { return }
        Task { try? await parts.executeThenClose { _, _ in } }
    }
}
