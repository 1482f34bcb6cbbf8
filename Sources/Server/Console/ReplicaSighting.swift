import CatalogModel

/// One replica as the register of the store knows it.
struct ReplicaSighting: Sendable, Hashable {
    /// Unique for each start of a process.
    let id: String
    let name: String
    let uptimeMs: Int64
    /// Since its last report.
    let silentMs: Int64
    /// Whether its lease still stands.
    let isAlive: Bool
    /// What its cache of the namespace has; nil where it holds none.
    let revision: Int64?
    /// The newest revision of the namespace when the store was asked; nil where there is none.
    let head: Int64?

    var json: JSONValue {
        let lag = revision.flatMap { revision in head.map { max(0, $0 - revision) } }
        return [
            "id": .string(id), "name": .string(name), "uptimeMs": .int(uptimeMs),
            "silentMs": .int(silentMs), "alive": .bool(isAlive),
            "revision": revision.map { .int($0) } ?? .null,
            "head": head.map { .int($0) } ?? .null, "lag": lag.map { .int($0) } ?? .null,
        ]
    }
}
