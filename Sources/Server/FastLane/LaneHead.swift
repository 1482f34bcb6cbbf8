import CatalogModel
import Compression
import Telemetry

/// The head of an answer, written in place in the order in which the router writes it.
///
/// Keeps its memory between answers, so that writing allocates nothing.
struct LaneHead {
    private(set) var bytes: [UInt8] = []

    /// The parts that are the same for all answers of a kind.
    struct Beginning: Sendable {
        fileprivate let ok: [UInt8]
        fileprivate let notModified: [UInt8]

        init(contentType: String, vary: String) {
            let fields =
                "Content-Type: \(contentType)\r\nCache-Control: private, no-cache\r\n"
                + "Vary: \(vary)\r\nETag: "
            ok = Array("HTTP/1.1 200 OK\r\n\(fields)".utf8)
            notModified = Array("HTTP/1.1 304 Not Modified\r\n\(fields)".utf8)
        }
    }

    private static let outcome = Array("\r\nX-Cache: HIT\r\nCache-Status: catalog; hit\r\n".utf8)
    private static let revision = Array("X-Catalog-Revision: ".utf8)
    private static let epoch = Array("\r\nX-Catalog-Epoch: ".utf8)
    private static let bound = Array("\r\nX-Staleness-Bound: ".utf8)
    private static let length = Array("\r\nContent-Length: ".utf8)
    private static let gzip = Array("\r\nContent-Encoding: gzip".utf8)
    private static let zstd = Array("\r\nContent-Encoding: zstd".utf8)
    private static let allowOrigin = Array("Access-Control-Allow-Origin: ".utf8)
    private static let exposeAndVary = Array(
        "\r\nAccess-Control-Expose-Headers: Link\r\nVary: Origin\r\n".utf8)
    private static let requestID = Array("X-Request-ID: ".utf8)
    private static let traceparent = Array("\r\ntraceparent: ".utf8)
    private static let date = Array("\r\nDate: ".utf8)
    private static let end = Array("\r\nServer: catalog-server\r\n\r\n".utf8)

    /// What every answer ends with that is given at a date.
    static func ending(date text: [UInt8]) -> [UInt8] { date + text + end }

    /// What follows the tag: that it is a hit, and the state that it shows.
    static func stamp(revision: Revision, epoch: [UInt8]) -> [UInt8] {
        var bytes = Self.outcome + Self.revision
        bytes.append(decimalDigits: revision.value)
        return bytes + Self.epoch + epoch + Self.bound
    }

    /// Begins an answer; `bodyBytes` is nil for one that says that nothing has changed.
    mutating func begin(
        _ beginning: Beginning, tag: EntityTag, coding: ContentCoding = .identity, stamp: [UInt8],
        boundMs: UInt64, bodyBytes: Int?
    ) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: bodyBytes == nil ? beginning.notModified : beginning.ok)
        bytes.append(tag: tag, coding: coding)
        bytes.append(contentsOf: stamp)
        bytes.append(decimalDigits: boundMs)
        if let bodyBytes {
            if coding == .gzip { bytes.append(contentsOf: Self.gzip) }
            if coding == .zstd { bytes.append(contentsOf: Self.zstd) }
            bytes.append(contentsOf: Self.length)
            bytes.append(decimalDigits: UInt64(bodyBytes))
        }
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }

    private static let discovery =
        "Content-Type: application/json\r\nCache-Control: private, no-cache\r\n"
        + "X-Cache: HIT\r\nCache-Status: catalog; hit\r\n"
        + "Vary: Accept-Encoding, X-Namespace\r\nETag: "
    private static let discoveryOK = Array("HTTP/1.1 200 OK\r\n\(discovery)".utf8)
    private static let discoveryNotModified = Array(
        "HTTP/1.1 304 Not Modified\r\n\(discovery)".utf8)

    /// Begins an answer of discovery, in the order in which its handler writes the fields.
    mutating func beginDiscovery(tag: [UInt8], coding: ContentCoding, bodyBytes: Int?) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: bodyBytes == nil ? Self.discoveryNotModified : Self.discoveryOK)
        bytes.append(contentsOf: tag)
        if let bodyBytes {
            if coding == .gzip { bytes.append(contentsOf: Self.gzip) }
            if coding == .zstd { bytes.append(contentsOf: Self.zstd) }
            bytes.append(contentsOf: Self.length)
            bytes.append(decimalDigits: UInt64(bodyBytes))
        }
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Ends the head with what was prepared by `tail`.
    mutating func finish(with tail: [UInt8]) { bytes.append(contentsOf: tail) }

    /// Writes what follows in every answer to one request; an empty origin stands for none.
    static func write(
        tail: inout [UInt8], origin: Span<UInt8>, requestID: Span<UInt8>,
        trace: TraceContext? = nil, ending: [UInt8]
    ) {
        tail.removeAll(keepingCapacity: true)
        if !origin.isEmpty {
            tail.append(contentsOf: Self.allowOrigin)
            tail.append(allOf: origin)
            tail.append(contentsOf: Self.exposeAndVary)
        }
        tail.append(contentsOf: Self.requestID)
        tail.append(allOf: requestID)
        if let trace {
            tail.append(contentsOf: traceparent)
            trace.write(into: &tail)
        }
        tail.append(contentsOf: ending)
    }
}

extension [UInt8] {
    /// Appends the bytes of a span.
    mutating func append(allOf span: Span<UInt8>) {
        append(addingCapacity: span.count) { output in
            for index in span.indices { output.append(span[index]) }
        }
    }

    /// Appends a number in decimal digits; no allocation.
    mutating func append(decimalDigits number: UInt64) {
        var digits: [20 of UInt8] = .init(repeating: 0)
        var (rest, first) = (number, 20)
        repeat {
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        append(addingCapacity: 20 - first) { output in
            for place in first..<20 { output.append(digits[place]) }
        }
    }

    /// Appends sixteen hexadecimal digits.
    mutating func append(hexDigits number: UInt64) {
        append(addingCapacity: 16) { output in
            for position in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * position) & 15)
                output.append(
                    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
    }

    private static let gzipEnding = Array("-gzip".utf8)
    private static let zstdEnding = Array("-zstd".utf8)

    /// Appends the entity tag of a form in its wire form.
    mutating func append(tag: EntityTag, coding: ContentCoding) {
        append(UInt8(ascii: "\""))
        append(decimalDigits: tag.revision.value)
        append(UInt8(ascii: "-"))
        append(hexDigits: tag.digest)
        switch coding {
        case .identity: break
        case .gzip: append(contentsOf: Self.gzipEnding)
        case .zstd: append(contentsOf: Self.zstdEnding)
        }
        append(UInt8(ascii: "\""))
    }
}
