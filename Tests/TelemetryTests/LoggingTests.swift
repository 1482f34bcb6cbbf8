import Logging
import Synchronization
import Testing

@testable import Telemetry

@Suite("Log lines")
struct LoggingTests {
    let collector = LineCollector()

    func rendered(_ append: (inout [UInt8]) -> Void) -> String {
        var output: [UInt8] = []
        append(&output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func eventBecomesOneLineOfJSON() throws {
        let writer = collector.writer()
        var logger = Logger(label: "test") { JSONLogHandler(label: $0, writer: writer) }
        logger[metadataKey: "zone"] = "z"
        logger.info(
            "said \"hi\"\n",
            metadata: [
                "count": .stringConvertible(3), "list": ["a", "b"], "nested": ["k": "é"],
            ])
        logger.debug("not logged")
        writer.close()
        let line = try #require(collector.lines.first)
        #expect(collector.lines.count == 1)
        #expect(line.hasPrefix("{\"ts\":\"2"))
        #expect(
            line.hasSuffix(
                ",\"level\":\"info\",\"logger\":\"test\",\"message\":\"said \\\"hi\\\"\\n\","
                    + "\"metadata\":{\"count\":3,\"list\":[\"a\",\"b\"],\"nested\":{\"k\":\"é\"},"
                    + "\"zone\":\"z\"}}"))
    }

    @Test func accessLogHasTheDurationInMilliseconds() throws {
        let writer = collector.writer()
        let log = AccessLog(writer: writer)
        log.record(
            method: "GET", path: "/api/x?q=\"", status: 200, durationMicros: 1_234, bytes: 17,
            namespace: "default", requestId: "r-1", cache: .hit, remoteUser: "")
        log.record(
            method: "GET", path: "/", status: 304, durationMicros: 9, bytes: 0,
            namespace: "", requestId: "", cache: nil, remoteUser: "eve")
        writer.close()
        let lines = collector.lines
        try #require(lines.count == 2)
        #expect(
            lines[0].hasSuffix(
                ",\"level\":\"info\",\"message\":\"request\",\"method\":\"GET\","
                    + "\"path\":\"/api/x?q=\\\"\",\"status\":200,\"duration\":\"1.234ms\","
                    + "\"bytes\":17,\"namespace\":\"default\",\"requestId\":\"r-1\","
                    + "\"cache\":\"HIT\"}"))
        #expect(
            lines[1].hasSuffix(
                "\"status\":304,\"duration\":\"0.009ms\",\"bytes\":0,\"remoteUser\":\"eve\"}"))
    }

    @Test(arguments: [(0, 0), (1, 10), (4, 3)])
    func samplingKeepsEveryNthRequest(every: Int, expected: Int) {
        let writer = collector.writer()
        let log = AccessLog(writer: writer, sampleEvery: every)
        for _ in 0..<10 {
            log.record(
                method: "GET", path: "/", status: 200, durationMicros: 1, bytes: 1,
                namespace: "n", requestId: "r", cache: .miss, remoteUser: "u")
        }
        writer.close()
        #expect(collector.lines.count == expected)
    }

    @Test func fullBufferDropsAndCountsWithoutBlocking() {
        let held = Semaphore()
        let entered = Semaphore()
        let writer = LineWriter(capacityBytes: 10) { _ in
            entered.post()
            held.wait()
        }
        writer.append { $0.append(text: "one") }
        entered.wait()
        // The writer's thread is stuck in the sink; the buffer takes ten bytes and no more.
        writer.append { $0.append(text: "12345") }
        writer.append { $0.append(text: "6789") }
        writer.append { $0.append(text: "123") }
        writer.append { $0.append(text: "456") }
        #expect(writer.droppedLines == 2)
        held.post()
        held.post()
        writer.close()
        writer.append { $0.append(text: "late") }
        #expect(writer.droppedLines == 3)
    }

    @Test func closingWritesEverythingAndTwiceIsFine() {
        let writer = collector.writer()
        for number in 0..<500 {
            writer.append { $0.append(decimal: number) }
        }
        writer.close()
        writer.close()
        #expect(collector.lines == (0..<500).map(String.init))
        #expect(writer.droppedLines == 0)
    }

    @Test func linesOfManyTasksStayWhole() async {
        let writer = collector.writer()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask { @concurrent in
                    for _ in 0..<250 {
                        writer.append { $0.append(text: String(repeating: "\(task)", count: 40)) }
                    }
                }
            }
        }
        writer.close()
        let lines = collector.lines
        #expect(lines.count == 1_000)
        #expect(lines.allSatisfy { $0.count == 40 && Set($0).count == 1 })
    }

    @Test func bytesThatAreNotUTF8AreEscaped() {
        let wire: [UInt8] = [0x61, 0xFF, 0x01]
        #expect(rendered { $0.append(jsonString: wire.span) } == "\"a\\u00ff\\u0001\"")
    }

    @Test func longTextsAreCutBeforeACharacter() {
        let text = String(repeating: "é", count: Limits.logStringBytes)
        let cut = rendered { $0.append(jsonString: "x" + text) }
        #expect(cut.hasSuffix("é…\""))
        #expect(cut.utf8.count <= Limits.logStringBytes + 5)
        #expect(!cut.contains("\u{FFFD}"))
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_735_689_599_001, "2024-12-31T23:59:59.001Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
    ])
    func timestampsAreRFC3339(milliseconds: Int, expected: String) {
        #expect(rendered { $0.append(timestampMs: milliseconds) } == expected)
    }

    @Test(arguments: [0, 7, -7, 10, 1_000_000, Int.max, Int.min])
    func decimalsAreWrittenAsSwiftDoes(value: Int) {
        #expect(rendered { $0.append(decimal: value) } == String(value))
    }
}
