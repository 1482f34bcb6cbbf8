/// Strong reads and writes of each register, held against every order that their times allow.
enum LinearizabilityRule {
    static func check(_ era: Era, into checker: inout HistoryChecker) {
        let relevant = era.operations.filter { operation in
            operation.isWrite
                ? operation.outcome != .refused
                : operation.isLinearizable && operation.outcome == .answered
        }
        for (register, operations) in Dictionary(grouping: relevant, by: \.register).sorted(by: {
            $0.key < $1.key
        }) {
            checker.count(.linearizable, operations.count)
            let initial = era.initial[register]
            guard !RegisterSearch(operations, initial: initial).hasOrder else { continue }
            let smallest = smallestPart(of: operations, initial: initial)
            checker.report(
                Violation(.linearizable, "\(register): no order explains these", smallest))
        }
    }

    /// The shortest beginning of a history that has no order, without the operations that it does
    /// not need for that.
    static func smallestPart(of operations: [Operation], initial: String?) -> [Operation] {
        let byEnd = operations.sorted { $0.ended < $1.ended }
        let length = (1...byEnd.count).first { count in
            !RegisterSearch(part(byEnd, until: byEnd[count - 1].ended), initial: initial).hasOrder
        }
        guard let length else { return operations }
        var kept = part(byEnd, until: byEnd[length - 1].ended)
        // Reads can go one by one; a write must stay where a read needs its value.
        for operation in kept where !operation.isWrite {
            let without = kept.filter { $0.id != operation.id }
            if !RegisterSearch(without, initial: initial).hasOrder { kept = without }
        }
        let read = Set(kept.filter { !$0.isWrite }.map(\.value))
        for operation in kept {
            guard case .write(let value) = operation.action, !read.contains(value) else { continue }
            let without = kept.filter { $0.id != operation.id }
            if !RegisterSearch(without, initial: initial).hasOrder { kept = without }
        }
        return kept.sorted { $0.began < $1.began }
    }

    /// What had ended by then, and writes that had begun, whose outcome is open at that point.
    private static func part(_ operations: [Operation], until end: Int64) -> [Operation] {
        operations.compactMap { operation in
            if operation.ended <= end { return operation }
            guard operation.isWrite, operation.began <= end else { return nil }
            var open = operation
            open.outcome = .unknown
            return open
        }
    }
}

/// Looks for an order of the operations of one register in which each takes effect between its
/// beginning and its end, and each read sees the write before it.
///
/// The search of Wing and Gong with the memory of Lowe: a set of operations that were put in order,
/// together with the value that they left, is tried once. A write whose outcome is unknown may take
/// effect at any time after it began, or never; if nobody read its value it can be left out, because
/// values are unique.
struct RegisterSearch {
    private struct Entry {
        let began: Int64
        /// `.max` for an operation that need not have ended.
        let ended: Int64
        let isRequired: Bool
        let isWrite: Bool
        let value: Int
    }

    private struct Configuration: Hashable {
        let done: [UInt64]
        let value: Int
    }

    private let entries: [Entry]
    private let initial: Int

    init(_ operations: [Operation], initial: String?) {
        var numbers: [String?: Int] = [nil: 0]
        func number(_ value: String?) -> Int {
            if let known = numbers[value] { return known }
            numbers[value] = numbers.count
            return numbers.count - 1
        }
        let read = Set(operations.filter { !$0.isWrite }.map(\.value))
        self.initial = number(initial)
        entries = operations.compactMap { operation -> Entry? in
            let isOpen = operation.outcome == .unknown
            switch operation.action {
            case .write(let value):
                if isOpen, !read.contains(value) { return nil }
                return Entry(
                    began: operation.began, ended: isOpen ? .max : operation.ended,
                    isRequired: !isOpen, isWrite: true, value: number(value))
            case .read:
                return Entry(
                    began: operation.began, ended: operation.ended, isRequired: true,
                    isWrite: false, value: number(operation.value))
            }
        }.sorted { $0.began < $1.began }
    }

    /// Whether there is such an order.
    var hasOrder: Bool {
        var tried: Set<Configuration> = []
        var done = [UInt64](repeating: 0, count: entries.count / 64 + 1)
        var left = entries.count { $0.isRequired }
        var value = initial
        // What was put in order, with the value before it and where the search goes on without it.
        var stack: [(index: Int, before: Int)] = []
        var from = 0
        var first = 0
        while left > 0 {
            while first < entries.count, Self.contains(done, first) { first += 1 }
            if let index = next(after: from, first: first, done: done, value: value) {
                let entry = entries[index]
                Self.insert(&done, index)
                let after = entry.isWrite ? entry.value : value
                if tried.insert(Configuration(done: done, value: after)).inserted {
                    stack.append((index, value))
                    value = after
                    left -= entry.isRequired ? 1 : 0
                    from = 0
                } else {
                    Self.remove(&done, index)
                    from = index + 1
                }
                continue
            }
            guard let last = stack.popLast() else { return false }
            Self.remove(&done, last.index)
            value = last.before
            left += entries[last.index].isRequired ? 1 : 0
            from = last.index + 1
            first = min(first, last.index)
        }
        return true
    }

    /// The next operation that may come now: nothing that is still to come had ended before it began.
    private func next(after start: Int, first: Int, done: [UInt64], value: Int) -> Int? {
        var earliestEnd = Int64.max
        var index = first
        while index < entries.count {
            let entry = entries[index]
            if entry.began > earliestEnd { return nil }
            if !Self.contains(done, index) {
                if index >= start, entry.isWrite || entry.value == value { return index }
                earliestEnd = min(earliestEnd, entry.ended)
            }
            index += 1
        }
        return nil
    }

    private static func contains(_ set: [UInt64], _ index: Int) -> Bool {
        set[index / 64] >> UInt64(index % 64) & 1 == 1
    }

    private static func insert(_ set: inout [UInt64], _ index: Int) {
        set[index / 64] |= 1 << UInt64(index % 64)
    }

    private static func remove(_ set: inout [UInt64], _ index: Int) {
        set[index / 64] &= ~(1 << UInt64(index % 64))
    }
}
