import Synchronization

/// Carries notifications between the sessions of one process, as LISTEN and NOTIFY do between processes.
final class NotificationHub: Sendable {
    typealias Handler = @Sendable (_ channel: String, _ payload: String) -> Void

    private struct Listener {
        var channels: Set<String> = []
        var handler: Handler?
    }

    private let listeners = Mutex<[UInt64: Listener]>([:])

    /// Notifications of the channel reach the session from now on.
    func listen(_ session: UInt64, to channel: String) {
        _ = listeners.withLock { $0[session, default: Listener()].channels.insert(channel) }
    }

    /// Says what is called for a session; on the thread of whoever notifies.
    func handle(_ session: UInt64, _ handler: @escaping Handler) {
        listeners.withLock { $0[session, default: Listener()].handler = handler }
    }

    func forget(_ session: UInt64) { _ = listeners.withLock { $0.removeValue(forKey: session) } }

    /// Tells every session that listens to the channel.
    func notify(_ channel: String, _ payload: String) {
        let handlers = listeners.withLock { listeners in
            listeners.values.filter { $0.channels.contains(channel) }.compactMap(\.handler)
        }
        for handler in handlers { handler(channel, payload) }
    }
}
