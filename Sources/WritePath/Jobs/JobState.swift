/// Where a job is in its life.
package enum JobState: String, Sendable, Hashable, CaseIterable {
    case queued
    case running
    case succeeded
    case failed
    case canceled

    /// Whether the job is over.
    package var isTerminal: Bool {
        switch self {
        case .queued, .running: false
        case .succeeded, .failed, .canceled: true
        }
    }
}
