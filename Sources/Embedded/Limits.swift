/// Every bound of the embedded store in one place.
enum Limits {
    /// Longest wait for the turn to write; the store's own limit for a lock.
    static let turnWait: Duration = .seconds(10)
    /// How long SQLite waits for a lock of its file; only another program could hold one.
    static let busySeconds = 10.0
    /// Pages of the log file before it is taken over into the database, of 4 KiB each.
    static let checkpointPages = 1_000
    /// Epochs of the past that a namespace remembers.
    static let lineage = 8
}
