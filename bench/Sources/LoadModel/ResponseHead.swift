/// The head of an HTTP/1.1 answer, as far as the load generator needs it.
///
/// A reader of our own, because a general decoder costs several times what the generator may spend
/// on an answer beside the server on two cores. Bodies must have a `Content-Length`.
package struct ResponseHead: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        /// More bytes are needed.
        case incomplete
        /// The head, and how many bytes it takes.
        case head(ResponseHead, bytes: Int)
        /// Not an answer that the generator understands.
        case malformed
    }

    package var status: Int
    package var contentLength: Int
    package var cache: CacheOutcome
    /// The entity tag with its quotes; empty when there is none.
    package var entityTag: [UInt8]
    package var closes: Bool

    /// Bytes of the body that follows.
    package var bodyBytes: Int { status == 304 || status == 204 ? 0 : contentLength }

    /// Reads a head that begins at the first byte; one pass, allocates for the tag only.
    package static func read(_ bytes: borrowing Span<UInt8>, wantsTag: Bool) -> Outcome {
        guard bytes.count >= 12 else { return .incomplete }
        guard bytes[0] == UInt8(ascii: "H"), bytes[8] == UInt8(ascii: " ") else {
            return .malformed
        }
        var status = 0
        for index in 9..<12 {
            let digit = Int(bytes[index]) - 48
            guard (0...9).contains(digit) else { return .malformed }
            status = status * 10 + digit
        }
        var head = ResponseHead(
            status: status, contentLength: 0, cache: .unsaid, entityTag: [], closes: false)
        var saidLength = false
        var start = 12
        while let end = lineEnd(bytes, from: start) {
            if end == start {
                let needsLength = status != 304 && status != 204
                guard saidLength || !needsLength else { return .malformed }
                return .head(head, bytes: end + 2)
            }
            guard head.takeLine(bytes, start, end, wantsTag, &saidLength) else { return .malformed }
            start = end + 2
        }
        return bytes.count > LoadLimits.maxHeadBytes ? .malformed : .incomplete
    }

    /// Takes one header line; the status line's rest has no colon that matters.
    private mutating func takeLine(
        _ bytes: borrowing Span<UInt8>, _ start: Int, _ end: Int, _ wantsTag: Bool,
        _ saidLength: inout Bool
    ) -> Bool {
        switch bytes[start] | 0x20 {
        case UInt8(ascii: "c"):
            if let value = Self.value(bytes, start, end, of: "content-length") {
                guard let number = Self.number(bytes, value, end) else { return false }
                contentLength = number
                saidLength = true
            } else if let value = Self.value(bytes, start, end, of: "connection") {
                closes = value < end && bytes[value] | 0x20 == UInt8(ascii: "c")
            }
        case UInt8(ascii: "e") where wantsTag:
            if let value = Self.value(bytes, start, end, of: "etag") {
                entityTag.reserveCapacity(end - value)
                for index in value..<end { entityTag.append(bytes[index]) }
            }
        case UInt8(ascii: "t"):
            if Self.value(bytes, start, end, of: "transfer-encoding") != nil { return false }
        case UInt8(ascii: "x"):
            if let value = Self.value(bytes, start, end, of: "x-cache") {
                cache = CacheOutcome(bytes, from: value)
            }
        default: break
        }
        return true
    }

    private static func lineEnd(_ bytes: borrowing Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while index + 1 < bytes.count {
            if bytes[index] == 13, bytes[index + 1] == 10 { return index }
            index += 1
        }
        return nil
    }

    /// Where the value of a header begins if the line is that header; names are ASCII, lower case.
    private static func value(
        _ bytes: borrowing Span<UInt8>, _ start: Int, _ end: Int, of name: String
    ) -> Int? {
        let text = name.utf8.count
        guard start + text < end, bytes[start + text] == UInt8(ascii: ":") else { return nil }
        var index = start
        for letter in name.utf8 {
            if bytes[index] | 0x20 != letter { return nil }
            index += 1
        }
        var value = start + text + 1
        while value < end, bytes[value] == UInt8(ascii: " ") { value += 1 }
        return value
    }

    private static func number(_ bytes: borrowing Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
        guard start < end, end - start < 16 else { return nil }
        var number = 0
        for index in start..<end {
            let digit = Int(bytes[index]) - 48
            guard (0...9).contains(digit) else { return nil }
            number = number * 10 + digit
        }
        return number
    }
}
