import CatalogModel

/// A `Lease` object of Kubernetes as an election reads and writes it.
struct LeaseRecord: Sendable {
    /// The whole object; what others wrote into it stays.
    private(set) var object: JSONValue

    init(_ object: JSONValue) { self.object = object }

    var version: String { object.value(at: "metadata.resourceVersion")?.stringValue ?? "" }
    var holder: String { object.value(at: "spec.holderIdentity")?.stringValue ?? "" }
    var acquireTime: String { object.value(at: "spec.acquireTime")?.stringValue ?? "" }

    /// How long the claim stands; nil when the object does not say.
    var duration: Duration? {
        object.value(at: "spec.leaseDurationSeconds")?.intValue.map { .seconds($0) }
    }

    /// A new object under a name.
    static func new(name: String, namespace: String) -> LeaseRecord {
        LeaseRecord([
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": ["name": .string(name), "namespace": .string(namespace)], "spec": [:],
        ])
    }

    /// The object as taken by somebody now.
    func taken(by identity: String, at now: Timestamp, _ lease: Duration) -> LeaseRecord {
        let transitions = object.value(at: "spec.leaseTransitions")?.intValue
        return changed([
            "holderIdentity": .string(identity),
            "leaseDurationSeconds": .int(lease.components.seconds),
            "acquireTime": .string(now.micro), "renewTime": .string(now.micro),
            "leaseTransitions": .int(transitions.map { $0 + 1 } ?? 0),
        ])
    }

    /// The object as confirmed by its holder now.
    func renewed(at now: Timestamp) -> LeaseRecord { changed(["renewTime": .string(now.micro)]) }

    /// The object as given up by its holder, as client-go writes it.
    func released(at now: Timestamp) -> LeaseRecord {
        changed([
            "holderIdentity": "", "leaseDurationSeconds": 1, "acquireTime": .string(now.micro),
            "renewTime": .string(now.micro),
        ])
    }

    private func changed(_ spec: JSONValue) -> LeaseRecord {
        LeaseRecord(JSONMergePatch.apply(["spec": spec], to: object))
    }
}

/// Judges somebody else's lease by when this process saw it change, as client-go does.
///
/// The times inside the object are another machine's clock and are not looked at.
struct LeaseObservation: Sendable {
    private var version: String?
    private var seen: ContinuousClock.Instant?

    /// Takes note of a record; returns whether it may be taken over.
    mutating func isFree(
        _ record: LeaseRecord, at now: ContinuousClock.Instant, standard: Duration
    ) -> Bool {
        if record.holder.isEmpty { return true }
        guard version == record.version, let seen else {
            version = record.version
            self.seen = now
            return false
        }
        return now >= seen + max(record.duration ?? standard, .zero)
    }
}

extension Timestamp {
    /// The moment with microseconds, as the fields of a Lease want it.
    var micro: String {
        let second = Timestamp(ms: ms - (ms % 1_000 + 1_000) % 1_000).description.dropLast()
        let fraction = String((ms % 1_000 + 1_000) % 1_000)
        return "\(second).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)000Z"
    }
}
