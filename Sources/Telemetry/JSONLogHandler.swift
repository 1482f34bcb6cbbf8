package import Logging

/// A log handler that renders each event as one line of JSON: ts, level, message, metadata.
///
/// Lines go to a shared writer, so that a slow terminal never holds up a request.
package struct JSONLogHandler: LogHandler {
    /// The level below which events are ignored.
    package var logLevel: Logger.Level
    /// The metadata of every line of this logger.
    package var metadata: Logger.Metadata = [:]
    /// Where further metadata of the running task comes from.
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let writer: LineWriter

    /// Creates a handler; the label of the logger appears as the field `logger`.
    package init(label: String, writer: LineWriter, logLevel: Logger.Level = .info) {
        self.label = label
        self.writer = writer
        self.logLevel = logLevel
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        // Rendered before the writer is locked: describing a metadata value runs foreign code.
        var line: [UInt8] = []
        line.reserveCapacity(256)
        line.append(text: "{\"ts\":\"")
        line.append(timestampMs: SystemCalls.wallClockMs())
        line.append(text: "\",\"level\":\"")
        line.append(text: event.level.rawValue)
        line.append(text: "\",\"logger\":")
        line.append(jsonString: label)
        line.append(text: ",\"message\":")
        line.append(jsonString: event.message.description)
        if let error = event.error {
            line.append(text: ",\"error\":")
            line.append(jsonString: "\(error)")
        }
        let all = merged(with: event.metadata)
        if !all.isEmpty {
            line.append(text: ",\"metadata\":")
            line.append(metadata: all)
        }
        line.append(UInt8(ascii: "}"))
        writer.append { $0.append(contentsOf: line) }
    }

    private func merged(with explicit: Logger.Metadata?) -> Logger.Metadata {
        var all = metadata
        if let provided = metadataProvider?.get() {
            all.merge(provided) { $1 }
        }
        if let explicit {
            all.merge(explicit) { $1 }
        }
        return all
    }
}

extension [UInt8] {
    /// Appends metadata as a JSON object with its keys in order.
    fileprivate mutating func append(metadata: Logger.Metadata) {
        append(UInt8(ascii: "{"))
        var first = true
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            if !first {
                append(UInt8(ascii: ","))
            }
            first = false
            append(jsonString: key)
            append(UInt8(ascii: ":"))
            append(value: value)
        }
        append(UInt8(ascii: "}"))
    }

    private mutating func append(value: Logger.MetadataValue) {
        switch value {
        case .string(let text):
            append(jsonString: text)
        case .stringConvertible(let number as Int):
            append(decimal: number)
        case .stringConvertible(let other):
            append(jsonString: other.description)
        case .dictionary(let nested):
            append(metadata: nested)
        case .array(let values):
            append(UInt8(ascii: "["))
            for (index, element) in values.enumerated() {
                if index > 0 {
                    append(UInt8(ascii: ","))
                }
                append(value: element)
            }
            append(UInt8(ascii: "]"))
        }
    }
}
