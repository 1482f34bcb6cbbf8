/// Which writes of one namespace go into one transaction; pure, without tasks and clock.
///
/// At most one group is under way. Writes that come meanwhile wait in the order of their arrival
/// and form the next group. Two that touch the same entity or carry the same idempotency key never
/// share a group, so that each sees what the one before it has committed.
struct WriteQueue<ID: Hashable> {
    /// What the queue must know of a write.
    struct Entry {
        let id: ID
        /// What it touches; writes of one group have none in common.
        let keys: Set<String>
        /// The size of what it brings along.
        let bytes: Int
        /// Whether it needs a transaction of its own.
        let isAlone: Bool
        let arrived: ContinuousClock.Instant
    }

    enum Admission: Equatable {
        /// Nothing is under way: whoever joined sees to it that `start` is called.
        case begin
        case wait
        /// Too many wait already.
        case refuse
    }

    private(set) var isUnderWay = false
    private var waiting: [Entry] = []
    private let limits: Limits

    struct Limits {
        var groupWrites = WriteLimits.groupWrites
        var groupBytes = WriteLimits.groupBytes
        var waitingWrites = WriteLimits.waitingWrites
        var wait = WriteLimits.groupWait
    }

    init(limits: Limits = Limits()) { self.limits = limits }

    var waitingCount: Int { waiting.count }

    /// Takes a write in, unless the queue is full.
    mutating func join(_ entry: Entry) -> Admission {
        guard waiting.count < limits.waitingWrites else { return .refuse }
        waiting.append(entry)
        defer { isUnderWay = true }
        return isUnderWay ? .wait : .begin
    }

    /// Removes a write that waits; false if it is in a group or gone.
    mutating func leave(_ id: ID) -> Bool {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return false }
        waiting.remove(at: index)
        return true
    }

    /// The next group, and the writes that have waited too long for it; both empty: nothing is left,
    /// and nothing is under way any more.
    ///
    /// The group before, if any, has ended. Linear in the number of writes that wait.
    mutating func start(now: ContinuousClock.Instant) -> (group: [ID], expired: [ID]) {
        let expired = waiting.filter { now - $0.arrived > limits.wait }.map(\.id)
        if !expired.isEmpty { waiting.removeAll { now - $0.arrived > limits.wait } }
        let group = takeGroup()
        isUnderWay = !group.isEmpty || !expired.isEmpty
        return (group, expired)
    }

    private mutating func takeGroup() -> [ID] {
        guard let first = waiting.first else { return [] }
        if first.isAlone { return [waiting.removeFirst().id] }
        var group: [ID] = []
        var left: [Entry] = []
        var keys: Set<String> = []
        var bytes = 0
        for (index, entry) in waiting.enumerated() {
            let isFull =
                group.count == limits.groupWrites
                || (!group.isEmpty && bytes + entry.bytes > limits.groupBytes)
            // Nothing overtakes a write that needs a transaction of its own.
            if isFull || entry.isAlone {
                left += waiting[index...]
                break
            }
            // Also the keys of one that is left behind count, so that nothing overtakes that either.
            if keys.isDisjoint(with: entry.keys) {
                group.append(entry.id)
                bytes += entry.bytes
            } else {
                left.append(entry)
            }
            keys.formUnion(entry.keys)
        }
        waiting = left
        return group
    }
}
