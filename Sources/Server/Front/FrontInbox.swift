import Sockets
import Synchronization

/// How other threads reach an event loop in front: connections for it, and the word to stop.
final class FrontInbox: Sendable {
    /// What the loop is told; each one includes those before.
    enum Order: Int, Sendable {
        case goOn
        /// Accept nothing more, end when the last connection has.
        case drain
        /// Close everything.
        case end
    }

    private struct State {
        var connections: [Int32] = []
        var order = Order.goOn
        var isClosed = false
    }

    let wakeup: Wakeup
    private let state = Mutex(State())

    /// Creates the inbox of one loop; nil when the system has no descriptors.
    init?() {
        guard let wakeup = Wakeup() else { return nil }
        self.wakeup = wakeup
    }

    /// Gives a connection to the loop, which then owns its descriptor; false when the loop has ended.
    func give(_ descriptor: Int32) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isClosed else { return false }
            state.connections.append(descriptor)
            return true
        }
        if isTaken { wakeup.signal() }
        return isTaken
    }

    /// Tells the loop to stop, at once or when everything is answered.
    func tell(_ order: Order) {
        state.withLock { state in
            if order.rawValue > state.order.rawValue { state.order = order }
        }
        wakeup.signal()
    }

    /// What has come since the last time, and the order that stands.
    func take() -> (connections: [Int32], order: Order) {
        wakeup.clear()
        return state.withLock { state in
            defer { state.connections = [] }
            return (state.connections, state.order)
        }
    }

    /// Ends the connections of a loop that never ran.
    func refuse() {
        while !close() {
            for descriptor in take().connections { SocketCall.close(descriptor) }
        }
    }

    /// Ends the loop's ownership; false when a connection has come in the meantime.
    func close() -> Bool {
        state.withLock { state in
            guard state.connections.isEmpty else { return false }
            state.isClosed = true
            return true
        }
    }
}
