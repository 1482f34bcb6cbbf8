/// Points in time with actions, earliest first; cancelled entries are dropped lazily.
struct TimerHeap {
    typealias ID = UInt64

    private struct Entry {
        let deadline: ContinuousClock.Instant
        let id: ID
    }

    private var heap: [Entry] = []
    private var actions: [ID: @Sendable () -> Void] = [:]

    mutating func insert(
        _ id: ID, at deadline: ContinuousClock.Instant, _ action: @escaping @Sendable () -> Void
    ) {
        actions[id] = action
        heap.append(Entry(deadline: deadline, id: id))
        var child = heap.count - 1
        while child > 0, heap[child].deadline < heap[(child - 1) / 2].deadline {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Forgets a timer and, when most entries are dead, the dead entries.
    mutating func cancel(_ id: ID) {
        guard actions.removeValue(forKey: id) != nil else { return }
        guard heap.count > 64, heap.count > actions.count * 2 else { return }
        // An ascending array is a heap.
        heap = heap.filter { actions[$0.id] != nil }.sorted { $0.deadline < $1.deadline }
    }

    /// Takes out the actions that are due, in order.
    mutating func popDue(now: ContinuousClock.Instant) -> [@Sendable () -> Void] {
        var due: [@Sendable () -> Void] = []
        while let first = heap.first, first.deadline <= now || actions[first.id] == nil {
            removeFirst()
            if let action = actions.removeValue(forKey: first.id) { due.append(action) }
        }
        return due
    }

    /// Milliseconds until the next timer, rounded up; -1 without one.
    func waitMs(now: ContinuousClock.Instant) -> Int32 {
        guard let first = heap.first else { return -1 }
        let wait = (first.deadline - now) / Duration.milliseconds(1)
        return Int32(max(0, min(wait.rounded(.up), 60_000)))
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].deadline < heap[smallest].deadline {
                smallest = child
            }
            guard smallest != parent else { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
