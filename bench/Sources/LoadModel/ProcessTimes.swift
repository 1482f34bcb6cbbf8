import Foundation

/// The processor time that a process has used so far, user and system, all threads.
package struct ProcessTimes: Sendable, Hashable {
    package let microseconds: Int

    /// Ticks a second in `/proc`; a constant of the kernel's interface on Linux.
    private static let ticksPerSecond = 100

    /// Reads `/proc/PID/stat`; nil when there is no such process.
    package init?(process: Int) {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        else { return nil }
        self.init(stat: text)
    }

    /// Takes the content of a `stat` file; the name may hold spaces and parentheses.
    package init?(stat: String) {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[end...].split(separator: " ")
        guard fields.count > 13, let user = Int(fields[12]), let system = Int(fields[13]) else {
            return nil
        }
        microseconds = (user + system) * (1_000_000 / Self.ticksPerSecond)
    }

    /// The time that several processes have used together; nil when one of them is gone.
    package static func sum(_ processes: [Int]) -> Int? {
        var total = 0
        for process in processes {
            guard let times = ProcessTimes(process: process) else { return nil }
            total += times.microseconds
        }
        return processes.isEmpty ? nil : total
    }
}
