/// Reads answers from a socket; what follows an answer stays for the next one.
struct HTTPResponseReader {
    private var pending: [UInt8] = []

    /// Whether the peer has closed the connection.
    private(set) var isAtEnd = false

    /// Reads one answer; the body of an answer to HEAD is empty whatever its headers say.
    mutating func response(
        from socket: BlockingSocket, to method: String, by deadline: ContinuousClock.Instant
    ) throws -> HTTPResponse {
        let (status, reason, fields) = try head(from: socket, by: deadline)
        if (100..<200).contains(status) {
            return try response(from: socket, to: method, by: deadline)
        }
        func value(_ name: String) -> String? {
            fields.first { $0.name.lowercased() == name }?.value
        }
        var body: [UInt8] = []
        if method == "HEAD" || status == 204 || status == 304 {
            body = []
        } else if value("transfer-encoding")?.lowercased().contains("chunked") == true {
            body = try chunks(from: socket, by: deadline)
        } else if let length = value("content-length") {
            guard let count = Int(length), count >= 0 else {
                throw HTTPFailure(description: "bad Content-Length \(length)")
            }
            body = try take(count, from: socket, by: deadline)
        } else {
            while try fill(from: socket, by: deadline) {}
            body = pending
            pending = []
        }
        if value("connection")?.lowercased() == "close" { isAtEnd = true }
        return HTTPResponse(status: status, reason: reason, fields: fields, body: body)
    }

    private mutating func head(
        from socket: BlockingSocket, by deadline: ContinuousClock.Instant
    ) throws -> (Int, String, [HTTPResponse.Field]) {
        let first = try line(from: socket, by: deadline)
        let words = first.split(separator: " ", maxSplits: 2).map(String.init)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw HTTPFailure(description: "bad status line: \(first)")
        }
        var fields: [HTTPResponse.Field] = []
        while true {
            let text = try line(from: socket, by: deadline)
            if text.isEmpty { break }
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw HTTPFailure(description: "bad header line: \(text)")
            }
            let value = parts[1].drop { $0 == " " || $0 == "\t" }
            fields.append(.init(name: String(parts[0]), value: String(value)))
        }
        return (status, words.count > 2 ? words[2] : "", fields)
    }

    private mutating func chunks(
        from socket: BlockingSocket, by deadline: ContinuousClock.Instant
    ) throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let size = try line(from: socket, by: deadline)
            let digits = size.prefix { $0 != ";" }
            guard let count = Int(digits, radix: 16) else {
                throw HTTPFailure(description: "bad chunk size: \(size)")
            }
            if count == 0 { break }
            body += try take(count, from: socket, by: deadline)
            _ = try line(from: socket, by: deadline)
        }
        while try !line(from: socket, by: deadline).isEmpty {}
        return body
    }

    private mutating func line(
        from socket: BlockingSocket, by deadline: ContinuousClock.Instant
    ) throws -> String {
        while true {
            if let end = pending.firstIndex(of: 10) {
                let text = pending[..<end]
                pending.removeSubrange(...end)
                return String(
                    decoding: text.last == 13 ? text.dropLast() : text, as: UTF8.self)
            }
            guard try fill(from: socket, by: deadline) else {
                throw HTTPFailure(description: "the connection was closed before the answer")
            }
        }
    }

    private mutating func take(
        _ count: Int, from socket: BlockingSocket, by deadline: ContinuousClock.Instant
    ) throws -> [UInt8] {
        while pending.count < count {
            guard try fill(from: socket, by: deadline) else {
                throw HTTPFailure(description: "the connection was closed within the body")
            }
        }
        let taken = Array(pending.prefix(count))
        pending.removeFirst(count)
        return taken
    }

    private mutating func fill(
        from socket: BlockingSocket, by deadline: ContinuousClock.Instant
    ) throws -> Bool {
        let bytes = try socket.read(by: deadline)
        pending += bytes
        if bytes.isEmpty { isAtEnd = true }
        return !bytes.isEmpty
    }
}
