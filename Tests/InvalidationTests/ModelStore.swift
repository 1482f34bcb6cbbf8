import CatalogModel

/// A store as the simulation knows it: every history that it ever had, with every state of each.
struct ModelStore {
    typealias Content = [Int: Int]

    /// What a history is called from a revision on.
    struct Name {
        let since: Int
        let epoch: Epoch
        let lineage: Lineage
    }

    /// One line of revisions; a restore begins another that shares its beginning.
    struct History {
        /// The newest last.
        var names: [Name]
        /// Content by revision.
        var states: [Content]
        /// Changed keys by revision.
        var touched: [Set<Int>]

        /// The next revision is the first of a server that may have gone back.
        var isPromoted = false

        var revision: Int { states.count - 1 }
        var name: Name { names[names.count - 1] }

        /// Gives the newest revision's successors another name, which tells what it goes on from.
        mutating func rename(_ epoch: Epoch) {
            let former = name.lineage.text.split(separator: " ").dropFirst()
            let lineage = ["\(epoch)", "\(name.epoch):\(revision)"] + former
            names.append(
                Name(
                    since: revision + 1, epoch: epoch,
                    lineage: Lineage(lineage.joined(separator: " "))))
            isPromoted = false
        }
    }

    struct Record {
        var histories: [History]
        var floor = 0
        var exists = true
        /// Which state was the newest from when on.
        var timeline: [(time: Int, history: Int, revision: Int)]

        var current: History { histories[histories.count - 1] }
    }

    /// A state of the store, by which the simulation checks what a replica holds.
    struct Truth: Equatable {
        let history: Int
        let revision: Int
    }

    struct Answer {
        let head: NamespaceHead
        let truth: Truth
        let isComplete: Bool
        let changes: [Int: Int?]
        let content: Content
    }

    static let kinds: [UInt16] = [0, 1]
    private(set) var records: [Namespace: Record] = [:]
    private var lastEpoch = 0
    private var lastValue = 0

    init(_ namespaces: [Namespace]) {
        for namespace in namespaces {
            let name = Name(since: 0, epoch: newEpoch(), lineage: .none)
            let history = History(names: [name], states: [[:]], touched: [[]])
            records[namespace] = Record(histories: [history], timeline: [(0, 0, 0)])
        }
    }

    static func kind(of key: Int) -> UInt16 { UInt16(key % 2) }

    static func rows(_ content: Content, of kind: UInt16) -> Content {
        content.filter { Self.kind(of: $0.key) == kind }
    }

    static func digest(_ content: Content) -> UInt64 {
        content.reduce(into: 0) { digest, row in
            var hash = SeededGenerator(seed: UInt64(row.key) << 32 | UInt64(row.value))
            digest ^= hash.next()
        }
    }

    // MARK: Writing

    mutating func commit(_ namespace: Namespace, keys: Set<Int>, deleting: Bool, at time: Int) {
        let epoch = newEpoch()
        change(namespace, at: time) { record, value in
            var content = record.current.states[record.current.revision]
            for key in keys {
                value += 1
                content[key] = deleting ? nil : value
            }
            let last = record.histories.count - 1
            if record.current.isPromoted { record.histories[last].rename(epoch) }
            record.histories[last].states.append(content)
            record.histories[last].touched.append(keys)
        }
    }

    /// What a store that has gone back calls its history.
    enum Naming {
        /// As before, so that nothing tells the numbers given again from the lost ones.
        case same
        /// Anew, and it goes on from nothing.
        case other
        /// As before until the next commit, which gives a name that tells what it goes on from.
        case promoted
    }

    /// Goes back to an older state, as a restore or the promotion of a standby that lags does.
    mutating func restore(_ namespace: Namespace, back: Int, _ naming: Naming, at time: Int) {
        let epoch = newEpoch()
        change(namespace, at: time) { record, _ in
            let old = record.current
            let revision = max(record.floor, old.revision - back)
            let other = Name(since: 0, epoch: epoch, lineage: .none)
            record.histories.append(
                History(
                    names: naming == .other ? [other] : old.names.filter { $0.since <= revision },
                    states: Array(old.states[0...revision]),
                    touched: Array(old.touched[0...revision]),
                    isPromoted: naming == .promoted || naming == .same && old.isPromoted))
        }
    }

    mutating func trim(_ namespace: Namespace) {
        guard let record = records[namespace] else { return }
        records[namespace]?.floor = record.current.revision
    }

    /// Deletes the namespace's row, or makes it anew under another epoch.
    mutating func toggle(_ namespace: Namespace, at time: Int) {
        guard records[namespace]?.exists == false else {
            records[namespace]?.exists = false
            return
        }
        records[namespace]?.exists = true
        restore(namespace, back: 0, .other, at: time)
    }

    private mutating func change(
        _ namespace: Namespace, at time: Int, _ body: (inout Record, inout Int) -> Void
    ) {
        guard var record = records[namespace], record.exists else { return }
        body(&record, &lastValue)
        record.timeline.append((time, record.histories.count - 1, record.current.revision))
        records[namespace] = record
    }

    private mutating func newEpoch() -> Epoch {
        lastEpoch += 1
        let number = String(lastEpoch)
        return Epoch(String(repeating: "0", count: 8 - number.count) + number)
    }

    // MARK: Reading

    func read(_ namespace: Namespace, after: Int = 0) -> Answer? {
        guard let record = records[namespace], record.exists else { return nil }
        let history = record.current
        let content = history.states[history.revision]
        var changes: [Int: Int?] = [:]
        // What was trimmed is not there any more.
        let begin = max(after, record.floor)
        if begin < history.revision {
            for key in history.touched[(begin + 1)...history.revision].joined() {
                changes[key] = .some(content[key])
            }
        }
        return Answer(
            head: NamespaceHead(
                namespace: namespace, epoch: history.name.epoch,
                revision: Revision(UInt64(history.revision)), digest: Self.digest(content),
                lineage: history.name.lineage),
            truth: Truth(history: record.histories.count - 1, revision: history.revision),
            isComplete: after >= record.floor, changes: changes, content: content)
    }

    func content(_ namespace: Namespace, _ truth: Truth) -> Content {
        records[namespace]?.histories[truth.history].states[truth.revision] ?? [:]
    }

    /// Whether a state is one of a history, or of a later one.
    func shares(_ namespace: Namespace, _ truth: Truth, since history: Int) -> Bool {
        guard let record = records[namespace], truth.history < history else { return true }
        return record.histories[history...].contains { later in
            truth.revision < later.states.count
                && later.states[truth.revision] == content(namespace, truth)
        }
    }

    /// Whether a replica that holds a state knows everything committed before a time.
    func holds(_ namespace: Namespace, _ truth: Truth, everythingBefore time: Int) -> Bool {
        guard let record = records[namespace],
            let due = record.timeline.last(where: { $0.time < time })
        else { return true }
        if truth.history > due.history { return true }
        // An older history is good where a newer one shares the state. A restore after the time
        // took everything away that was committed behind the revision that it went back to.
        return (due.history..<record.histories.count).contains { number in
            let states = record.histories[number].states
            let begin = record.timeline.first { $0.history == number }?.revision ?? 0
            let needed = number == due.history ? due.revision : begin
            return truth.revision >= needed && truth.revision < states.count
                && states[truth.revision] == content(namespace, truth)
        }
    }
}
