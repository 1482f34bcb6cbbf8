import CatalogModel
import Synchronization

/// Answers of the cluster, kept for as long as operators rely on: seconds, never longer.
///
/// Two tables: by the canonical question, and by the bytes of the headers as they came, for callers
/// that have nothing else. Both are cut into shards with a short lock each; any thread may ask.
final class DecisionCache: Sendable {
    private final class Shard: Sendable {
        let table: Mutex<DecisionTable>

        init(capacity: Int) { table = Mutex(DecisionTable(capacity: capacity)) }
    }

    private let questions: [Shard]
    private let headers: [Shard]
    private let lifetime: Duration
    private let now: @Sendable () -> ContinuousClock.Instant

    init(
        lifetime: Duration = ServerLimits.decisionLifetime,
        capacity: Int = ServerLimits.decisions,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.lifetime = lifetime
        self.now = now
        let shards = ServerLimits.decisionShards
        let each = max(1, capacity / shards)
        questions = (0..<shards).map { _ in Shard(capacity: each) }
        headers = (0..<shards).map { _ in Shard(capacity: each) }
    }

    /// Until when a decision that is asked for now holds.
    ///
    /// Taken before the question is sent: an answer is never older than the lifetime.
    func expiryOfNewDecision() -> ContinuousClock.Instant { now() + lifetime }

    /// The number of decisions held, over or not.
    var count: Int { (questions + headers).reduce(0) { $0 + $1.table.withLock { $0.count } } }

    // MARK: By question

    func verdict(on question: AccessQuestion) -> Verdict? {
        let key = question.digest
        let hash = Self.hash(key)
        let now = now()
        return Self.shard(questions, hash).table.withLock { table in
            table.decision(hash: hash, at: now) { $0 == key }
        }
    }

    func keep(_ verdict: Verdict, on question: AccessQuestion) {
        let key = question.digest
        let hash = Self.hash(key)
        let now = now()
        Self.shard(questions, hash).table.withLock { table in
            table.keep(verdict, hash: hash, key: key, at: now)
        }
    }

    // MARK: By header bytes

    /// The decision for these bytes of `X-Remote-User` and `X-Remote-Group`; does not allocate.
    func decision(
        user: Span<UInt8>, groups: Span<UInt8>, action: AccessAction, namespace: Namespace
    ) -> Bool? {
        var hasher = KeyHash()
        hasher.add(Self.tag(action))
        hasher.add(namespace.name.utf8)
        hasher.add(0)
        hasher.add(user)
        hasher.add(0)
        hasher.add(groups)
        let hash = hasher.value()
        let now = now()
        return Self.shard(headers, hash).table.withLock { table in
            table.decision(hash: hash, at: now) { key in
                Self.matches(key, user, groups, action, namespace)
            }?.isAllowed
        }
    }

    /// Keeps a decision under the bytes of the headers; very long ones are not kept.
    func keep(
        _ verdict: Verdict, user: some Collection<UInt8>, groups: some Collection<UInt8>,
        action: AccessAction, namespace: Namespace
    ) {
        let length = user.count + groups.count + namespace.name.utf8.count + 3
        // A byte 0 would let two questions have one key; no client's header may contain it.
        guard length <= ServerLimits.decisionKeyBytes, !user.contains(0), !groups.contains(0) else {
            return
        }
        var key: [UInt8] = []
        key.reserveCapacity(length)
        key.append(contentsOf: Self.tag(action))
        key.append(contentsOf: namespace.name.utf8)
        key.append(0)
        key.append(contentsOf: user)
        key.append(0)
        key.append(contentsOf: groups)
        var hasher = KeyHash()
        hasher.add(key)
        let hash = hasher.value()
        let now = now()
        Self.shard(headers, hash).table.withLock { table in
            table.keep(verdict, hash: hash, key: key, at: now)
        }
    }

    private static func matches(
        _ key: borrowing [UInt8], _ user: Span<UInt8>, _ groups: Span<UInt8>,
        _ action: AccessAction, _ namespace: Namespace
    ) -> Bool {
        let name = namespace.name.utf8
        guard key.count == name.count + user.count + groups.count + 3 else { return false }
        var position = 0
        for byte in tag(action) {
            guard key[position] == byte else { return false }
            position += 1
        }
        for byte in name {
            guard key[position] == byte else { return false }
            position += 1
        }
        guard key[position] == 0 else { return false }
        position += 1
        for index in user.indices {
            guard key[position] == user[index] else { return false }
            position += 1
        }
        guard key[position] == 0 else { return false }
        position += 1
        for index in groups.indices {
            guard key[position] == groups[index] else { return false }
            position += 1
        }
        return true
    }

    private static func tag(_ action: AccessAction) -> CollectionOfOne<UInt8> {
        let resource = AccessAction.Resource.allCases.firstIndex(of: action.resource) ?? 0
        let verb = AccessAction.Verb.allCases.firstIndex(of: action.verb) ?? 0
        return CollectionOfOne(UInt8(resource << 4 | verb))
    }

    private static func hash(_ key: [UInt8]) -> UInt64 {
        var hasher = KeyHash()
        hasher.add(key)
        return hasher.value()
    }

    private static func shard(_ shards: [Shard], _ hash: UInt64) -> Shard {
        shards[Int(hash % UInt64(shards.count))]
    }
}
