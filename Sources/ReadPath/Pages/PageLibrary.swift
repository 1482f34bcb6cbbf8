import Synchronization

/// The bound of all rendered pages of a process, shared by the shelves of its namespaces.
///
/// Over the bound the namespace with the most bytes gives up a page, so that one that is listed in
/// many ways does not take the room of the others.
package final class PageLibrary: Sendable {
    package let maxBytes: Int
    private let used = Atomic<Int>(0)
    private let shelves = Mutex<[ObjectIdentifier: Shelf]>([:])

    private struct Shelf: Sendable {
        weak let shelf: PageShelf?
    }

    /// Zero bytes keep no pages.
    package init(maxBytes: Int = ReadLimits.standardPageBytes) {
        precondition(maxBytes >= 0, "a bound is not negative")
        self.maxBytes = maxBytes
    }

    /// Bytes that all pages take, with what belongs to them.
    package var usedBytes: Int { used.load(ordering: .relaxed) }

    /// A page that is larger would push out too many others.
    var maxPageBytes: Int { maxBytes / ReadLimits.pagesAtLeast }

    func add(_ shelf: PageShelf) {
        shelves.withLock { $0[ObjectIdentifier(shelf)] = Shelf(shelf: shelf) }
    }

    func remove(_ shelf: ObjectIdentifier) {
        shelves.withLock { _ = $0.removeValue(forKey: shelf) }
    }

    /// Notes bytes that a shelf took or gave back, and makes room if they are too many.
    func note(_ bytes: Int) {
        used.add(bytes, ordering: .relaxed)
        while usedBytes > maxBytes {
            let all = shelves.withLock { $0.values.compactMap(\.shelf) }
            guard let fattest = all.max(by: { $0.bytes < $1.bytes }) else { return }
            let freed = fattest.giveUpOne()
            guard freed > 0 else { return }
            used.subtract(freed, ordering: .relaxed)
        }
    }
}
