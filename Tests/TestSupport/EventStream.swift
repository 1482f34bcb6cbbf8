package import CatalogModel
import Synchronization

/// A client of server-sent events; reads only when it is asked to.
package final class EventStream: Sendable {
    /// One event of the stream.
    package struct Event: Sendable, Hashable {
        package let name: String
        package let id: String?
        package let data: JSONValue

        /// A member of the data.
        package subscript(key: String) -> JSONValue? { data[key] }
    }

    /// The status and headers of the answer, and its body where it is no stream.
    package let response: HTTPResponse
    private let socket: BlockingSocket
    private let decoder: Mutex<EventDecoder>

    private init(response: HTTPResponse, socket: BlockingSocket, decoder: EventDecoder) {
        self.response = response
        self.socket = socket
        self.decoder = Mutex(decoder)
    }

    /// Asks for a stream and waits for the head of the answer.
    package static func open(
        _ target: String, port: Int, headers: [String: String] = [:]
    ) async throws -> EventStream {
        try await open(target, of: HTTPClient(port: port), headers: headers)
    }

    /// Asks for a stream as a client would and waits for the head of the answer.
    package static func open(
        _ target: String, of client: HTTPClient, headers: [String: String] = [:]
    ) async throws -> EventStream {
        let port = client.port
        let given = try await client.caller.headers(headers, target: target)
        let all = given.merging(["Accept": "text/event-stream"]) { $1 }
        let request = HTTPRequestWriter.bytes(
            "GET", target, port: port, headers: all, body: nil)
        return try await BlockingThread.run {
            let deadline = ContinuousClock.now + HTTPClient.timeout
            let socket = try BlockingSocket(port: port)
            try socket.write(request, by: deadline)
            var decoder = EventDecoder()
            let response = try decoder.head(from: socket, by: deadline)
            return EventStream(response: response, socket: socket, decoder: decoder)
        }
    }

    /// Says that nothing more is wanted, which ends the stream for whoever reads it.
    package func leave() { socket.finishWriting() }

    /// The next event, or nil at the end of the stream; throws after the timeout.
    package func next(within timeout: Duration = .seconds(10)) async throws -> Event? {
        if let event = try decoder.withLock({ try $0.takeEvent() }) { return event }
        return try await BlockingThread.run { [self] in
            let deadline = ContinuousClock.now + timeout
            return try decoder.withLock { try $0.event(from: socket, by: deadline) }
        }
    }

    /// The next event of a name; others are passed over.
    package func next(
        _ name: String, within timeout: Duration = .seconds(10)
    ) async throws -> Event? {
        let end = ContinuousClock.now + timeout
        while let event = try await next(within: ContinuousClock.now.duration(to: end)) {
            if event.name == name { return event }
        }
        return nil
    }
}

/// Takes events out of a chunked body.
private struct EventDecoder {
    private var raw: [UInt8] = []
    private var body: [UInt8] = []
    private var isAtEnd = false

    mutating func head(
        from socket: BlockingSocket, by deadline: ContinuousClock.Instant
    ) throws -> HTTPResponse {
        let first = try line(from: socket, by: deadline)
        let words = first.split(separator: " ", maxSplits: 2).map(String.init)
        guard words.count >= 2, let status = Int(words[1]) else {
            throw HTTPFailure(description: "bad status line: \(first)")
        }
        var fields: [HTTPResponse.Field] = []
        while true {
            let text = try line(from: socket, by: deadline)
            if text.isEmpty { break }
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
            fields.append(.init(name: parts[0], value: String(value)))
        }
        let length = fields.first { $0.name.lowercased() == "content-length" }
        var content: [UInt8] = []
        if let count = length.flatMap({ Int($0.value) }) {
            while raw.count < count { try fill(from: socket, by: deadline) }
            content = Array(raw.prefix(count))
            isAtEnd = true
        }
        return HTTPResponse(
            status: status, reason: words.count > 2 ? words[2] : "", fields: fields, body: content)
    }

    mutating func event(
        from socket: BlockingSocket, by deadline: ContinuousClock.Instant
    ) throws -> EventStream.Event? {
        while true {
            if let event = try takeEvent() { return event }
            if isAtEnd { return nil }
            try chunk(from: socket, by: deadline)
        }
    }

    mutating func takeEvent() throws -> EventStream.Event? {
        while let end = body.indices.first(where: {
            body[$0] == 10 && $0 + 1 < body.count && body[$0 + 1] == 10
        }) {
            let text = String(decoding: body[..<end], as: UTF8.self)
            body.removeSubrange(...(end + 1))
            var fields: [String: String] = [:]
            for line in text.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
                fields[parts[0]] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
            }
            guard let name = fields["event"] else { continue }
            return EventStream.Event(
                name: name, id: fields["id"],
                data: try JSONParser.parse(fields["data"] ?? "null"))
        }
        return nil
    }

    private mutating func chunk(
        from socket: BlockingSocket, by deadline: ContinuousClock.Instant
    ) throws {
        let size = try line(from: socket, by: deadline)
        guard let count = Int(size.prefix { $0 != ";" }, radix: 16) else {
            throw HTTPFailure(description: "bad chunk size: \(size)")
        }
        while raw.count < count + 2 { try fill(from: socket, by: deadline) }
        body += raw.prefix(count)
        raw.removeFirst(count + 2)
        if count == 0 { isAtEnd = true }
    }

    private mutating func line(
        from socket: BlockingSocket, by deadline: ContinuousClock.Instant
    ) throws -> String {
        while true {
            if let end = raw.firstIndex(of: 10) {
                let text = raw[..<end]
                raw.removeSubrange(...end)
                return String(decoding: text.last == 13 ? text.dropLast() : text, as: UTF8.self)
            }
            try fill(from: socket, by: deadline)
        }
    }

    private mutating func fill(
        from socket: BlockingSocket, by deadline: ContinuousClock.Instant
    ) throws {
        let bytes = try socket.read(by: deadline)
        guard !bytes.isEmpty else { throw HTTPFailure(description: "the connection was closed") }
        raw += bytes
    }
}
