import CLinux
import Glibc

/// Waits for many descriptors at once: one epoll set, level-triggered.
///
/// For one thread. A descriptor must be taken out before it is closed.
@safe
package final class ReadinessQueue {
    /// What a descriptor is waited for.
    package enum Interest: Sendable, Hashable {
        case reading
        case writing
    }

    /// A descriptor that is ready.
    package struct Readiness: Sendable, Hashable {
        package let descriptor: Int32
        /// An error or the end of a connection counts as readable: the read then reports it.
        package let isReadable: Bool
        package let isWritable: Bool
        /// Nothing will go either way any more.
        package let isBroken: Bool
    }

    private let epoll: Int32
    private let capacity: Int
    // SAFETY: `capacity` places, allocated in init, freed in deinit, used by one thread.
    private let events: UnsafeMutablePointer<epoll_event>

    /// Opens a set that reports so many descriptors at a time; nil when the system has no room.
    package init?(capacity: Int) {
        precondition(capacity > 0, "at least one descriptor at a time")
        let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { return nil }
        self.epoll = epoll
        self.capacity = capacity
        unsafe events = .allocate(capacity: capacity)
    }

    deinit {
        SocketCall.close(epoll)
        unsafe events.deallocate()
    }

    /// Waits for a descriptor from now on; `isShared` wakes not all of several queues that wait for it.
    package func add(_ descriptor: Int32, for interest: Interest, isShared: Bool = false) -> Bool {
        control(
            EPOLL_CTL_ADD, descriptor,
            Self.mask(interest) | (isShared ? catalog_epoll_exclusive : 0))
    }

    /// Waits for something else of a descriptor.
    package func change(_ descriptor: Int32, to interest: Interest) -> Bool {
        control(EPOLL_CTL_MOD, descriptor, Self.mask(interest))
    }

    /// Waits for a descriptor no longer.
    package func remove(_ descriptor: Int32) { _ = control(EPOLL_CTL_DEL, descriptor, 0) }

    /// Waits until something is ready, at most so long, forever below zero; returns how many are.
    package func wait(atMostMs milliseconds: Int32) -> Int {
        max(0, Int(unsafe epoll_wait(epoll, events, Int32(capacity), milliseconds)))
    }

    /// One of those that were ready when it was waited last.
    package subscript(index: Int) -> Readiness {
        precondition(index >= 0 && index < capacity)
        let event = unsafe events[index]
        let bits = unsafe event.events
        let isBroken = bits & (catalog_epoll_error | catalog_epoll_hang_up) != 0
        return Readiness(
            descriptor: unsafe event.data.fd, isReadable: bits & catalog_epoll_in != 0 || isBroken,
            isWritable: bits & catalog_epoll_out != 0, isBroken: isBroken)
    }

    private static func mask(_ interest: Interest) -> UInt32 {
        switch interest {
        case .reading: catalog_epoll_in
        case .writing: catalog_epoll_out
        }
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ mask: UInt32) -> Bool {
        var event = unsafe epoll_event()
        unsafe event.events = mask
        unsafe event.data.fd = descriptor
        return unsafe epoll_ctl(epoll, operation, descriptor, &event) == 0
    }
}
