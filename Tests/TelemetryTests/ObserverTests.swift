import Logging
import Synchronization
import Testing

@testable import Telemetry

@Suite("Observations")
struct ObserverTests {
    let registry = MetricsRegistry()
    let collector = LineCollector()

    func observed(_ observations: [Observation], level: Logger.Level) -> [String] {
        let writer = collector.writer()
        let logger = Logger(label: "o") {
            JSONLogHandler(label: $0, writer: writer, logLevel: level)
        }
        let observer = Observer(logger: logger, registry: registry)
        for observation in observations {
            observer.observe(observation)
        }
        writer.close()
        return collector.lines
    }

    @Test func observationIsLoggedWithItsValuesUnderTheirLabels() throws {
        let lines = observed(
            [
                .collectionLoaded(
                    namespace: "n", plugin: "mcp", kind: "McpServer", entities: 6,
                    duration: .microseconds(1_500)),
                .listening(address: ":8080"), .stopped,
                .digestMismatch(namespace: "n", revision: 7, expected: -1, actual: 2),
            ], level: .info)
        try #require(lines.count == 4)
        #expect(
            lines[0].hasSuffix(
                "\"message\":\"collection loaded\",\"metadata\":{\"duration\":\"1.500ms\","
                    + "\"entities\":6,\"event\":\"collection_loaded\",\"kind\":\"McpServer\","
                    + "\"namespace\":\"n\",\"plugin\":\"mcp\"}}"))
        #expect(
            lines[1].hasSuffix("\"metadata\":{\"address\":\":8080\",\"event\":\"listening\"}}"))
        #expect(lines[2].hasSuffix("\"metadata\":{\"event\":\"stopped\"}}"))
        #expect(lines[3].contains("\"level\":\"warning\""))
        #expect(lines[3].contains("\"expected\":-1"))
    }

    @Test func levelsBelowTheLoggersAreCountedButNotLogged() {
        let lines = observed(
            [
                .gap(namespace: "n", local: 1, head: 3), .listening(address: "x"),
                .databaseDown(reason: "gone"),
            ], level: .error)
        #expect(lines.count == 1)
        var output: [UInt8] = []
        registry.exposition(into: &output)
        let text = String(decoding: output, as: UTF8.self)
        #expect(text.contains("catalog_observations_total{event=\"gap\"} 1\n"))
        #expect(text.contains("catalog_observations_total{event=\"listening\"} 1\n"))
        #expect(text.contains("catalog_observations_total{event=\"database_up\"} 0\n"))
    }

    @Test func durationsGoToTheirHistograms() {
        _ = observed(
            [
                .batchApplied(
                    namespace: "n", from: 1, through: 2, changes: 4, duration: .seconds(1)),
                .jobSucceeded(
                    id: "j", plugin: "mcp", loaded: 1, removed: 0, duration: .seconds(2)),
            ], level: .critical)
        var output: [UInt8] = []
        registry.exposition(into: &output)
        let text = String(decoding: output, as: UTF8.self)
        #expect(text.contains("catalog_feed_batch_apply_seconds_sum 1.000000\n"))
        #expect(text.contains("catalog_job_seconds_sum 2.000000\n"))
        #expect(text.contains("catalog_collection_load_seconds_count 0\n"))
    }

    @Test func listenerHearsEachObservation() {
        let heard = Mutex<[Observation]>([])
        let logger = Logger(label: "o") { _ in SwiftLogNoOpLogHandler() }
        let observer = Observer(logger: logger, registry: registry) { observation in
            heard.withLock { $0.append(observation) }
        }
        observer.observe(.databaseUp)
        observer.observe(.auditTrimmed(events: 3))
        #expect(heard.withLock { $0 } == [.databaseUp, .auditTrimmed(events: 3)])
        #expect(observer.count(of: .databaseUp) == 1)
        #expect(observer.count(of: .stopped) == 0)
    }

    @Test func kindsHaveDistinctStableNames() {
        let names = ObservationKind.allCases.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(ObservationKind.feedConnected.name == "feed_connected")
        #expect(Observation.stopped.kind == .stopped)
    }
}
