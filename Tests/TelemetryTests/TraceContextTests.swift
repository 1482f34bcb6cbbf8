import Logging
import Testing

@testable import Telemetry

@Suite("Trace context")
struct TraceContextTests {
    static let example = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func aHeaderIsReadAndWrittenAsItIs() throws {
        let context = try #require(TraceContext(traceparent: Self.example, tracestate: "a=b"))
        #expect(context.traceparent == Self.example)
        #expect(context.traceID == "0af7651916cd43dd8448eb211c80319c")
        #expect(context.spanID == "b7ad6b7169203331")
        #expect(context.isSampled && context.state == "a=b")
    }

    @Test func aChildHasTheTraceAndANumberOfItsOwn() throws {
        let parent = try #require(TraceContext(traceparent: Self.example, tracestate: nil))
        let child = parent.child(0xABC)
        #expect(child.traceparent == "00-0af7651916cd43dd8448eb211c80319c-0000000000000abc-01")
        #expect(parent.child().spanID != parent.child().spanID)
        #expect(parent.child(0).spanID == "0000000000000001", "zero is no number")
    }

    @Test(
        "what says nothing counts as absent",
        arguments: [
            "", "00-1-2-03", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "0g-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
            "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
        ])
    func invalid(header: String) {
        #expect(TraceContext(traceparent: header, tracestate: nil) == nil)
    }

    @Test func aLaterVersionIsReadAsFarAsThisOneGoes() throws {
        let text = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-fe-what-else"
        let context = try #require(TraceContext(traceparent: text, tracestate: nil))
        #expect(
            context.traceparent == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
    }

    @Test func aLongStateIsDroppedAndTheTraceStays() throws {
        let long = String(repeating: "x", count: 513)
        let context = try #require(
            TraceContext(traceparent: Self.example, tracestate: long))
        #expect(context.state.isEmpty)
    }

    @Test func everyPrefixIsSurvived() {
        for length in 0..<Self.example.utf8.count {
            let text = String(Self.example.prefix(length))
            #expect(TraceContext(traceparent: text, tracestate: nil) == nil)
        }
    }

    @Test func logLinesOfATracedRequestHaveItsIds() throws {
        let context = try #require(TraceContext(traceparent: Self.example, tracestate: nil))
        #expect(TraceContext.metadataProvider.get().isEmpty)
        let metadata = TraceContext.$current.withValue(context) {
            TraceContext.metadataProvider.get()
        }
        #expect(
            metadata == [
                "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331",
            ])
        let collector = LineCollector()
        let writer = collector.writer()
        AccessLog(writer: writer).record(
            method: "GET", path: "/x", status: 200, durationMicros: 1, bytes: 1, namespace: "",
            requestId: "", cache: nil, remoteUser: "", trace: context)
        writer.close()
        let line = try #require(collector.lines.first)
        #expect(
            line.hasSuffix(
                ",\"traceId\":\"0af7651916cd43dd8448eb211c80319c\","
                    + "\"spanId\":\"b7ad6b7169203331\"}"))
    }
}
