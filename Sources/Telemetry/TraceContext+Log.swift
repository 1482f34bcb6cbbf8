package import Logging

extension TraceContext {
    /// Gives every log line of a traced request the ids of its trace.
    package static let metadataProvider = Logger.MetadataProvider {
        guard let current else { return [:] }
        return ["traceId": .string(current.traceID), "spanId": .string(current.spanID)]
    }
}
