import NIOCore
import Sockets
import Telemetry

/// Where a connection that was lent came from, and how it comes back.
struct FrontHome: Sendable {
    let inbox: FrontInbox
    let returned: Counter

    /// Gives another descriptor of the same socket to the loop in front; false when it has ended.
    ///
    /// The caller then closes its own, which does not end the connection.
    func take(_ handle: NIOBSDSocket.Handle) -> Bool {
        guard let copy = SocketCall.duplicate(handle) else { return false }
        guard inbox.give(copy) else {
            SocketCall.close(copy)
            return false
        }
        returned.increment()
        return true
    }
}
