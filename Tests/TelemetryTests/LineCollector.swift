import Synchronization

@testable import Telemetry

/// Collects what a writer hands out.
final class LineCollector: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    /// A writer into this collector.
    func writer(capacityBytes: Int = Limits.pendingLogBytes) -> LineWriter {
        LineWriter(capacityBytes: capacityBytes) { [self] lines in
            bytes.withLock { $0.append(contentsOf: lines) }
        }
    }

    /// The lines so far; call it after closing the writer.
    var lines: [String] {
        bytes.withLock { String(decoding: $0, as: UTF8.self) }
            .split(separator: "\n").map(String.init)
    }
}
