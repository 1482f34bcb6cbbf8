/// Cuts a stream of bytes into lines; the end of a line may come with a later piece.
struct LineSplitter {
    private var partial: [UInt8] = []

    /// The lines that these bytes complete; throws when one line is too long.
    mutating func lines(
        adding bytes: some Sequence<UInt8>
    ) throws(KubernetesError) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if !partial.isEmpty { lines.append(partial) }
                partial = []
            } else {
                partial.append(byte)
            }
        }
        guard partial.count <= ServerLimits.kubernetesAnswerBytes else {
            throw KubernetesError(.malformed, "a line of the watch is too long")
        }
        return lines
    }
}

extension Duration {
    /// In whole nanoseconds, cut to what fits.
    var wholeNanoseconds: Int64 {
        let (seconds, fraction) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : product &+ fraction / 1_000_000_000
    }
}
