/// A decision and until when it holds.
struct Verdict: Hashable, Sendable {
    let isAllowed: Bool
    let expires: ContinuousClock.Instant
}

/// Decisions under keys of bytes, bounded in number, each until its time is over.
///
/// Sets of a few places: a new decision takes the place of one that is over, else of the one that
/// was asked for least recently. Asking does not allocate. A value without lock or clock.
struct DecisionTable: Sendable {
    private struct Entry {
        let hash: UInt64
        let key: [UInt8]
        let verdict: Verdict
        var lastAsked: ContinuousClock.Instant
    }

    private static let ways = 8
    private var entries: [Entry?]
    private let sets: Int

    /// Room for at least so many decisions.
    init(capacity: Int) {
        sets = max(1, (capacity + Self.ways - 1) / Self.ways)
        entries = Array(repeating: nil, count: sets * Self.ways)
    }

    /// The number of decisions held, over or not.
    var count: Int { entries.count { $0 != nil } }

    /// The decision under a key that `equals` recognises, unless its time is over.
    mutating func decision(
        hash: UInt64, at now: ContinuousClock.Instant, equals: (borrowing [UInt8]) -> Bool
    ) -> Verdict? {
        let first = start(of: hash)
        for index in first..<first + Self.ways {
            guard let entry = entries[index], entry.hash == hash, equals(entry.key) else {
                continue
            }
            guard now < entry.verdict.expires else {
                entries[index] = nil
                return nil
            }
            entries[index]?.lastAsked = now
            return entry.verdict
        }
        return nil
    }

    /// Keeps a decision until its time is over; one under the same key gives way.
    mutating func keep(
        _ verdict: Verdict, hash: UInt64, key: [UInt8], at now: ContinuousClock.Instant
    ) {
        let first = start(of: hash)
        var victim = first
        for index in first..<first + Self.ways {
            guard let entry = entries[index] else {
                victim = index
                continue
            }
            if entry.hash == hash, entry.key == key {
                victim = index
                break
            }
            if let other = entries[victim], Self.yields(entry, before: other, at: now) {
                victim = index
            }
        }
        entries[victim] = Entry(hash: hash, key: key, verdict: verdict, lastAsked: now)
    }

    private static func yields(
        _ entry: Entry, before other: Entry, at now: ContinuousClock.Instant
    ) -> Bool {
        let (isOver, isOtherOver) = (entry.verdict.expires <= now, other.verdict.expires <= now)
        if isOver != isOtherOver { return isOver }
        return entry.lastAsked < other.lastAsked
    }

    private func start(of hash: UInt64) -> Int {
        Int((hash >> 8) % UInt64(sets)) * Self.ways
    }
}
