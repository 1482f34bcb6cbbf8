import Sockets
import Synchronization

/// The listening socket that all loops in front share; the last one that leaves it closes it.
final class FrontDoor: Sendable {
    let descriptor: Int32
    private let inboxes: [FrontInbox]
    private let users: Atomic<Int>
    private let turn = Atomic<Int>(0)

    /// Takes the descriptor over.
    init(descriptor: Int32, inboxes: [FrontInbox]) {
        self.descriptor = descriptor
        self.inboxes = inboxes
        users = Atomic(inboxes.count)
    }

    /// Whose the next connection is: the loops take turns, whichever of them is awake.
    func nextOwner() -> FrontInbox {
        let number = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return inboxes[Int(UInt(bitPattern: number) % UInt(inboxes.count))]
    }

    /// One loop accepts nothing more.
    func leave() {
        let left = users.subtract(1, ordering: .acquiringAndReleasing).newValue
        if left == 0 { SocketCall.close(descriptor) }
    }
}
