import Synchronization

/// Writes one line of JSON for each request, or for every n-th one.
///
/// A line is rendered straight into the writer's buffer: no string, no allocation.
package final class AccessLog: Sendable {
    private let writer: LineWriter
    private let sampleEvery: Int
    private let requests = Atomic<Int>(0)

    /// Creates a log that keeps one request of so many; 1 keeps all, 0 none.
    package init(writer: LineWriter, sampleEvery: Int = 1) {
        precondition(sampleEvery >= 0, "a sampling rate is not negative")
        self.writer = writer
        self.sampleEvery = sampleEvery
    }

    /// Records one request; an empty namespace, request id or user leaves its field out.
    package func record(
        method: String, path: String, status: Int, durationMicros: Int, bytes: Int,
        namespace: String, requestId: String, cache: CacheOutcome?, remoteUser: String,
        trace: TraceContext? = nil
    ) {
        guard takesNext() else { return }
        write(
            method: method, path: path.utf8Span.span, status: status,
            durationMicros: durationMicros, bytes: bytes, namespace: namespace,
            requestId: requestId.utf8Span.span, cache: cache,
            remoteUser: remoteUser.utf8Span.span, trace: trace)
    }

    /// Writes the line of a request whose texts are still bytes of its buffer; `takesNext` was true.
    package func write(
        method: String, path: Span<UInt8>, status: Int, durationMicros: Int, bytes: Int,
        namespace: String, requestId: Span<UInt8>, cache: CacheOutcome?, remoteUser: Span<UInt8>,
        trace: TraceContext? = nil
    ) {
        let nowMs = SystemCalls.wallClockMs()
        writer.append { line in
            line.append(text: "{\"ts\":\"")
            line.append(timestampMs: nowMs)
            line.append(text: "\",\"level\":\"info\",\"message\":\"request\",\"method\":")
            line.append(jsonString: method)
            line.append(text: ",\"path\":")
            line.append(jsonString: path)
            line.append(text: ",\"status\":")
            line.append(decimal: status)
            line.append(text: ",\"duration\":\"")
            line.append(Swift.max(0, durationMicros), fractionDigits: 3)
            line.append(text: "ms\",\"bytes\":")
            line.append(decimal: bytes)
            line.append(field: ",\"namespace\":", namespace.utf8Span.span)
            line.append(field: ",\"requestId\":", requestId)
            line.append(field: ",\"remoteUser\":", remoteUser)
            if let cache {
                line.append(field: ",\"cache\":", cache.rawValue.utf8Span.span)
            }
            if let trace {
                line.append(text: ",\"traceId\":\"")
                trace.writeTraceID(into: &line)
                line.append(text: "\",\"spanId\":\"")
                trace.writeSpanID(into: &line)
                line.append(UInt8(ascii: "\""))
            }
            line.append(UInt8(ascii: "}"))
        }
    }

    /// Counts a request, and says whether its line is to be written.
    package func takesNext() -> Bool {
        guard sampleEvery != 1 else { return true }
        guard sampleEvery > 1 else { return false }
        return requests.wrappingAdd(1, ordering: .relaxed).oldValue % sampleEvery == 0
    }
}

extension [UInt8] {
    fileprivate mutating func append(field name: String, _ value: Span<UInt8>) {
        guard !value.isEmpty else { return }
        append(text: name)
        append(jsonString: value)
    }
}
