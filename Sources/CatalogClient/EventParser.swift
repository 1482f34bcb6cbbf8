/// Takes server-sent events out of bytes that arrive in any pieces.
package struct EventParser: Sendable {
    /// One event as it was sent.
    package struct Event: Sendable, Hashable {
        package var name = "message"
        package var id: String?
        package var data = ""
    }

    private var line: [UInt8] = []
    private var event = Event()
    private var hasData = false

    /// A parser at the beginning of a stream.
    package init() {}

    /// The events that these bytes complete.
    package mutating func take(_ bytes: some Sequence<UInt8>) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.isEmpty {
                if hasData { events.append(event) }
                event = Event()
                hasData = false
            } else {
                field(String(decoding: line, as: UTF8.self))
            }
            line.removeAll(keepingCapacity: true)
        }
        return events
    }

    private mutating func field(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count > 1 ? parts[1] : ""
        if value.first == " " { value.removeFirst() }
        switch parts[0] {
        case "event": event.name = String(value)
        case "id": event.id = String(value)
        case "data":
            event.data += (hasData ? "\n" : "") + value
            hasData = true
        default: break  // A comment, or a field of later versions.
        }
    }
}
