/// Where a request stands in the trace that its client keeps, as W3C Trace Context has it.
///
/// A value of a few numbers: reading, deriving and writing it allocates nothing as long as there is
/// no state of other vendors. See https://www.w3.org/TR/trace-context/, §3.
package struct TraceContext: Sendable, Hashable {
    /// The trace context of the request that the running task answers; nil where there is none.
    @TaskLocal package static var current: TraceContext?

    private var traceHigh: UInt64
    private var traceLow: UInt64
    /// The part of the trace that this value stands for: who sent it, or who derived it.
    private var span: UInt64
    /// Whether the client keeps the trace.
    package private(set) var isSampled: Bool
    /// The header `tracestate`, which is handed on as it is.
    package var state = ""

    /// Bytes of a `traceparent` of version 00.
    private static let length = 55
    /// Bytes of a `tracestate` that are handed on; a longer one is dropped, as §3.3.1.5 allows.
    private static let stateBytes = 512

    /// Reads a `traceparent`; nil for one that says nothing, which is then as if it were absent.
    ///
    /// A later version is read as far as version 00 goes (§3.2.4).
    package init?(_ header: Span<UInt8>) {
        guard header.count >= Self.length,
            let version = Self.number(header, at: 0, digits: 2), version != 0xFF,
            header.count == Self.length || version > 0 && header[Self.length] == Self.dash,
            header[2] == Self.dash, header[35] == Self.dash, header[52] == Self.dash,
            let high = Self.number(header, at: 3, digits: 16),
            let low = Self.number(header, at: 19, digits: 16), high | low != 0,
            let span = Self.number(header, at: 36, digits: 16), span != 0,
            let flags = Self.number(header, at: 53, digits: 2)
        else { return nil }
        traceHigh = high
        traceLow = low
        self.span = span
        isSampled = flags & 1 == 1
    }

    /// Reads the two headers of a request; nil where the first one is absent or says nothing.
    package init?(traceparent: String?, tracestate: String?) {
        guard let traceparent else { return nil }
        self.init(traceparent.utf8Span.span)
        if let tracestate, tracestate.utf8.count <= Self.stateBytes { state = tracestate }
    }

    /// The context of a step below this one, whose number is `span`; zero stands for one.
    package func child(_ span: UInt64 = .random(in: 1 ... .max)) -> TraceContext {
        var child = self
        child.span = max(1, span)
        return child
    }

    /// The header `traceparent`, in version 00.
    package var traceparent: String {
        var bytes: [UInt8] = []
        write(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the header `traceparent`.
    package func write(into output: inout [UInt8]) {
        output.append(text: "00-")
        writeTraceID(into: &output)
        output.append(Self.dash)
        writeSpanID(into: &output)
        output.append(text: isSampled ? "-01" : "-00")
    }

    func writeTraceID(into output: inout [UInt8]) {
        output.append(hex: traceHigh)
        output.append(hex: traceLow)
    }

    func writeSpanID(into output: inout [UInt8]) { output.append(hex: span) }

    /// The id of the whole trace, 32 hexadecimal digits.
    package var traceID: String {
        var bytes: [UInt8] = []
        writeTraceID(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The id of this step, 16 hexadecimal digits.
    package var spanID: String {
        var bytes: [UInt8] = []
        writeSpanID(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: Digits

    private static let dash = UInt8(ascii: "-")

    /// A number in lower-case hexadecimal digits; nil for anything else.
    private static func number(_ bytes: Span<UInt8>, at start: Int, digits: Int) -> UInt64? {
        var number: UInt64 = 0
        for index in start..<(start + digits) {
            let digit: UInt8
            switch bytes[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = bytes[index] - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"):
                digit = bytes[index] - UInt8(ascii: "a") + 10
            default: return nil
            }
            number = number << 4 | UInt64(digit)
        }
        return number
    }
}

extension [UInt8] {
    /// Appends sixteen lower-case hexadecimal digits.
    fileprivate mutating func append(hex number: UInt64) {
        for shift in stride(from: UInt64(60), through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: number >> shift & 15)
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
