/// Recognises requests of a strict subset of HTTP/1.1 in raw bytes.
///
/// Accepted is `GET` or `HEAD`, a path without escapes, `HTTP/1.1`, and header lines of the form
/// `name: value` in visible ASCII, all of it in the buffer and without a body. Everything else is
/// not wrong but somebody else's: the bytes go to the full decoder as they are. The subset is such
/// that the decoder reads the same from the same bytes.
struct LaneRecogniser: ~Copyable {
    private let get = Array("GET /".utf8)
    private let head = Array("HEAD /".utf8)
    private let version = Array(" HTTP/1.1\r\n".utf8)
    private let keepAlive = Array("keep-alive".utf8)
    private let fields = LaneFields()

    private let pathClass = ByteClass.path
    private let queryClass = ByteClass.query
    private let tokenClass = ByteClass.token
    private let hostClass = ByteClass.host

    /// The request that begins at `start`, or nil if it is not of the form or not complete.
    func request(in bytes: Span<UInt8>, from start: Int) -> LaneRequest? {
        var request = LaneRequest()
        guard var index = requestLine(bytes, start, &request) else { return nil }
        let end = min(bytes.count, start + LaneLimits.headBytes)
        var seen: UInt16 = 0
        for _ in 0...LaneLimits.fields {
            guard index + 1 < end else { return nil }
            if bytes[index] == 0x0D {
                guard bytes[index + 1] == 0x0A, seen & bit(.host) != 0 else { return nil }
                request.byteCount = index + 2 - start
                return request
            }
            guard let next = line(bytes, index, end, &request, &seen) else { return nil }
            index = next
        }
        return nil
    }

    /// Reads the request line; returns where the header begins.
    private func requestLine(
        _ bytes: Span<UInt8>, _ start: Int, _ request: inout LaneRequest
    ) -> Int? {
        var index: Int
        if matches(bytes, start, get) {
            index = start + get.count - 1
        } else if matches(bytes, start, head) {
            index = start + head.count - 1
            request.isHead = true
        } else {
            return nil
        }
        let first = index
        let end = min(bytes.count, first + LaneLimits.targetBytes)
        while index < end, pathClass.contains(bytes[index]) { index += 1 }
        request.path = first..<index
        if index < end, bytes[index] == UInt8(ascii: "?") {
            let query = index + 1
            index = query
            while index < end, queryClass.contains(bytes[index]) { index += 1 }
            guard index > query else { return nil }
            request.query = query..<index
        }
        request.target = first..<index
        guard matches(bytes, index, version) else { return nil }
        return index + version.count
    }

    /// Reads one header line; returns where the next one begins.
    private func line(
        _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ request: inout LaneRequest,
        _ seen: inout UInt16
    ) -> Int? {
        var index = start
        while index < end, tokenClass.contains(bytes[index]) { index += 1 }
        let name = start..<index
        guard !name.isEmpty, index < end, bytes[index] == UInt8(ascii: ":") else { return nil }
        index += 1
        if index < end, bytes[index] == 0x20 { index += 1 }
        let first = index
        while index < end, bytes[index] >= 0x20, bytes[index] < 0x7F { index += 1 }
        let value = first..<index
        guard index + 1 < end, bytes[index] == 0x0D, bytes[index + 1] == 0x0A else { return nil }
        if !value.isEmpty, bytes[first] == 0x20 || bytes[index - 1] == 0x20 { return nil }
        let field = fields.field(named: name, in: bytes)
        guard field != .refused else { return nil }
        if field != .other {
            guard !value.isEmpty, seen & bit(field) == 0 else { return nil }
            seen |= bit(field)
            guard take(field, value, bytes, &request) else { return nil }
        }
        return index + 2
    }

    /// Takes over a field that the lane knows; false for a value that is not plain.
    private func take(
        _ field: LaneField, _ value: Range<Int>, _ bytes: Span<UInt8>, _ request: inout LaneRequest
    ) -> Bool {
        switch field {
        case .host:
            for index in value where !hostClass.contains(bytes[index]) { return false }
        case .connection:
            return value.count == keepAlive.count
                && matches(bytes, value.lowerBound, keepAlive, orCapitals: true)
        case .origin: request.origin = value
        case .namespace: request.namespace = value
        case .groups: request.groups = value
        case .ifNoneMatch: request.ifNoneMatch = value
        case .acceptEncoding: request.acceptEncoding = value
        case .traceparent: request.traceparent = value
        case .authorization: request.hasAuthorization = true
        case .user:
            guard value.count <= ServerLimits.userBytes else { return false }
            request.user = value
        case .requestID:
            guard value.count <= ServerLimits.requestIDBytes else { return false }
            for index in value where bytes[index] == 0x20 { return false }
            request.requestID = value
        case .other, .refused: break
        }
        return true
    }

    private func bit(_ field: LaneField) -> UInt16 { 1 << UInt16(field.rawValue) }

    private func matches(
        _ bytes: Span<UInt8>, _ start: Int, _ text: [UInt8], orCapitals: Bool = false
    ) -> Bool {
        guard start + text.count <= bytes.count else { return false }
        for index in text.indices {
            let byte = bytes[start + index]
            guard byte == text[index] || (orCapitals && byte | 0x20 == text[index]) else {
                return false
            }
        }
        return true
    }
}
