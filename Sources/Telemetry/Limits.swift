/// The bounds of everything that telemetry keeps in memory.
package enum Limits {
    /// Namespaces that get metrics of their own; later ones share the series `_other`.
    package static let namespacesWithMetrics = 1_000

    /// Bytes of log lines that wait for the writer thread; a line that does not fit is dropped.
    package static let pendingLogBytes = 1 << 20

    /// Bytes of one string inside a log line; longer ones are cut at a character boundary.
    package static let logStringBytes = 8_192

    /// How long the writer thread lets lines gather before it writes them, in milliseconds.
    package static let logGatherMs = 20
}
