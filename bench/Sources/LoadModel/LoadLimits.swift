/// The bounds of the load generator.
package enum LoadLimits {
    /// Longest scenario, warm-up included.
    package static let maxSeconds = 600.0
    package static let maxConnections = 10_000
    /// Requests a second that an open loop may aim at.
    package static let maxRate = 500_000.0
    package static let maxNamespaces = 4_096
    package static let maxKeys = 10_000_000
    /// How long answers are waited for after the last request was due.
    package static let drainSeconds = 10.0
    /// Longest head of an answer that is read.
    package static let maxHeadBytes = 64 << 10
    /// Longest latency that the histograms tell apart from longer ones.
    package static let maxLatencyNanoseconds: UInt64 = 120_000_000_000
    /// Parts into which a scenario's time is cut for the plots.
    package static let timelineSlices = 60
    /// Shortest part of the timeline; the kernel counts processor time in steps of 10 ms.
    package static let minSliceSeconds = 0.25
    /// How often a lost connection is opened again before its stream gives up.
    package static let maxReconnects = 1_000
    /// Connections of the stream that writes beside the reads.
    package static let stormConnections = 8
}
