import Foundation

/// The machine that a figure was taken on.
package struct Machine: Codable, Sendable, Hashable {
    package let cores: Int
    package let kernel: String
    package let processor: String
    /// Runnable processes over the last minute: other people's work shows here.
    package let load: Double

    package init(cores: Int, kernel: String, processor: String, load: Double) {
        self.cores = cores
        self.kernel = kernel
        self.processor = processor
        self.load = load
    }

    package static var current: Machine {
        func text(_ path: String) -> String {
            (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        }
        let model = text("/proc/cpuinfo").split(separator: "\n")
            .first { $0.hasPrefix("model name") }?.split(separator: ":").last
        return Machine(
            cores: ProcessInfo.processInfo.processorCount,
            kernel: text("/proc/sys/kernel/osrelease").trimmingCharacters(in: .newlines),
            processor: model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown",
            load: text("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) } ?? 0)
    }

    package var description: String {
        let load = String(format: "%.2f", load)
        return "\(cores) cores, \(processor), Linux \(kernel), load \(load) at the start"
    }
}
