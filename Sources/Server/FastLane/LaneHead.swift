import CatalogModel
import Compression
import Sockets

/// The heads of the lane's answers, in the order in which the router writes them.
///
/// One text and numbers: writing a piece copies bytes, and no reference. An event loop has its own.
struct LaneHead: ~Copyable {
    /// Where the parts lie that are the same for all answers of a kind, from the status to the tag.
    struct Beginning: Sendable {
        fileprivate let ok: Range<Int>
        fileprivate let notModified: Range<Int>
    }

    let discovery: Beginning
    private let entities: [Beginning]
    private let pages: [Beginning]
    private let texts: [UInt8]
    private let length, gzip, zstd, gzipEnding, zstdEnding, lineEnd: Range<Int>
    private let allowOrigin, exposeAndVary, requestID, traceparent: Range<Int>

    /// Lays the parts out for kinds whose answers have these media types.
    init(contentTypes: [String]) {
        var texts: [UInt8] = []
        func keep(_ text: String) -> Range<Int> {
            texts.append(contentsOf: text.utf8)
            return (texts.count - text.utf8.count)..<texts.count
        }
        func beginning(_ fields: String) -> Beginning {
            Beginning(
                ok: keep("HTTP/1.1 200 OK\r\n\(fields)ETag: "),
                notModified: keep("HTTP/1.1 304 Not Modified\r\n\(fields)ETag: "))
        }
        func read(_ contentType: String, vary: String) -> Beginning {
            beginning(
                "Content-Type: \(contentType)\r\nCache-Control: private, no-cache\r\n"
                    + "Vary: \(vary)\r\n")
        }
        entities = contentTypes.map { read($0, vary: "X-Namespace") }
        pages = contentTypes.map { read($0, vary: "Accept-Encoding, X-Namespace") }
        discovery = beginning(
            "Content-Type: application/json\r\nCache-Control: private, no-cache\r\n\(Self.hit)"
                + "Vary: Accept-Encoding, X-Namespace\r\n")
        length = keep("\r\nContent-Length: ")
        gzip = keep("\r\nContent-Encoding: gzip")
        zstd = keep("\r\nContent-Encoding: zstd")
        gzipEnding = keep("-gzip")
        zstdEnding = keep("-zstd")
        lineEnd = keep("\r\n")
        allowOrigin = keep("Access-Control-Allow-Origin: ")
        exposeAndVary = keep("\r\nAccess-Control-Expose-Headers: Link\r\nVary: Origin\r\n")
        requestID = keep("X-Request-ID: ")
        traceparent = keep("\r\ntraceparent: ")
        self.texts = texts
    }

    private static let hit = "X-Cache: HIT\r\nCache-Status: catalog; hit\r\n"

    /// What every answer ends with that is given at a date.
    static func ending(date text: [UInt8]) -> [UInt8] {
        Array("\r\nDate: ".utf8) + text + Array("\r\nServer: catalog-server\r\n\r\n".utf8)
    }

    /// What follows the tag: that it is a hit, and the state that it shows.
    static func stamp(revision: Revision, epoch: [UInt8]) -> [UInt8] {
        Array("\r\n\(hit)X-Catalog-Revision: \(revision.value)\r\nX-Catalog-Epoch: ".utf8)
            + epoch + Array("\r\nX-Staleness-Bound: ".utf8)
    }

    /// Begins the answer with an entity, or the one that says that it has not changed.
    func beginEntity(
        of kind: UInt16, _ tag: EntityTag, isKnown: Bool, _ output: inout SendBuffer
    ) {
        begin(entities[Int(kind)], isKnown: isKnown, &output)
        write(tag, .identity, &output)
    }

    /// The same for a page of a list.
    func beginPage(
        of kind: UInt16, _ tag: EntityTag, _ coding: ContentCoding, isKnown: Bool,
        _ output: inout SendBuffer
    ) {
        begin(pages[Int(kind)], isKnown: isKnown, &output)
        write(tag, coding, &output)
    }

    /// Begins an answer; its tag comes next.
    func begin(_ beginning: Beginning, isKnown: Bool, _ output: inout SendBuffer) {
        append(isKnown ? beginning.notModified : beginning.ok, &output)
    }

    /// Says how the body is coded and how long it is.
    func describe(_ coding: ContentCoding, bodyBytes: Int, _ output: inout SendBuffer) {
        if coding == .gzip { append(gzip, &output) }
        if coding == .zstd { append(zstd, &output) }
        append(length, &output)
        output.append(decimal: UInt64(bodyBytes))
    }

    /// Lets a page of the web read the answer.
    func allow(_ origin: Span<UInt8>, _ output: inout SendBuffer) {
        append(allowOrigin, &output)
        output.append(origin)
        append(exposeAndVary, &output)
    }

    /// Begins the lines that answer the request itself: its id comes next.
    func nameRequest(_ output: inout SendBuffer) { append(requestID, &output) }

    /// Names the step of the client's trace.
    func nameTrace(_ trace: borrowing [UInt8], _ output: inout SendBuffer) {
        append(traceparent, &output)
        output.append(trace)
    }

    /// Ends the line that was begun.
    func endLine(_ output: inout SendBuffer) { append(lineEnd, &output) }

    private func append(_ text: Range<Int>, _ output: inout SendBuffer) {
        output.append(texts.span.extracting(text))
    }

    private func write(_ tag: EntityTag, _ coding: ContentCoding, _ output: inout SendBuffer) {
        output.append(UInt8(ascii: "\""))
        output.append(decimal: tag.revision.value)
        output.append(UInt8(ascii: "-"))
        output.append(hex: tag.digest)
        if coding == .gzip { append(gzipEnding, &output) }
        if coding == .zstd { append(zstdEnding, &output) }
        output.append(UInt8(ascii: "\""))
    }
}
