package import CatalogModel

/// One refresh of the sources of a plugin, as the queue knows it.
package struct Job: Sendable, Hashable {
    /// The source id of a job that refreshes every source of its plugin.
    package static let allSources = "_all"
    /// The requester of jobs that the server asks for itself; they do not count as a client's.
    package static let system = "system"

    package let id: String
    package let namespace: Namespace
    package let plugin: String
    /// The id of one source, or `allSources`.
    package let source: String
    package let requestedBy: String
    package let requestedAtMs: Int64
    package let state: JobState
    package let progress: String?
    package let message: String?
    package let startedAtMs: Int64?
    package let finishedAtMs: Int64?
    /// Number of the present or last attempt; 0 before the first.
    package let attempt: Int
    package let lastError: String?
    package let loaded: Int?
    package let removed: Int?
    package let durationMs: Int64?
    /// Whether somebody asked the running job to stop.
    package let isCancelRequested: Bool
    /// The newest revision of the namespace when the job was asked for; nil where there was none.
    package let causedBy: Revision?

    /// The key under which a job that waits or runs stands for every later request.
    package static func key(_ namespace: Namespace, plugin: String, source: String) -> String {
        "\(namespace.name):\(plugin):\(source)"
    }

    /// The job as clients see it; what is not known yet is left out.
    package var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id), "namespace": .string(namespace.name), "plugin": .string(plugin),
            "sourceId": .string(source), "requestedBy": .string(requestedBy),
            "requestedAt": .string(Timestamp(ms: requestedAtMs).description),
            "state": .string(state.rawValue),
        ]
        object["progress"] = progress.map { .string($0) }
        object["message"] = message.map { .string($0) }
        object["startedAt"] = startedAtMs.map { .string(Timestamp(ms: $0).description) }
        object["finishedAt"] = finishedAtMs.map { .string(Timestamp(ms: $0).description) }
        object["attemptCount"] = .int(attempt)
        object["lastError"] = lastError.map { .string($0) }
        object["entitiesLoaded"] = loaded.map { .int($0) }
        object["entitiesRemoved"] = removed.map { .int($0) }
        object["durationMs"] = durationMs.map { .int($0) }
        return .object(object)
    }
}

/// What a job did.
package struct JobResult: Sendable, Hashable {
    package var loaded: Int
    package var removed: Int

    /// Counts entities that the sources hold now and that were taken away.
    package init(loaded: Int, removed: Int) {
        self.loaded = loaded
        self.removed = removed
    }

    /// The message of a job that succeeded.
    package var message: String { "Loaded \(loaded) entities, removed \(removed)" }
}

/// Why an attempt failed, and whether another may do better.
package struct JobFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package let message: String
    /// Whether the same attempt may succeed a moment later.
    package let isTransient: Bool
    /// The stable class of the failure, kept with the source that failed.
    package let code: String

    /// Makes a failure; the message is kept with the job and shown to clients.
    package init(_ message: String, isTransient: Bool, code: String = "internal_error") {
        self.message = message
        self.isTransient = isTransient
        self.code = code
    }

    package var description: String { message }
}

/// The work of a job; called by one worker at a time for one job.
package protocol JobRunner: Sendable {
    /// Does the work of one attempt.
    ///
    /// Asks `isCanceled` between steps and throws `CancellationError` when it says so; a
    /// `JobFailure` says whether another attempt makes sense, any other error is permanent unless
    /// it is a transient one of Postgres.
    func run(_ job: Job, isCanceled: @Sendable () async -> Bool) async throws -> JobResult
}
