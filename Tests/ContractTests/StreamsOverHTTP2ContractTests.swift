import CatalogModel
import Foundation
import TestSupport
import Testing

@Suite("Event streams over HTTP/2", .turns, .timeLimit(.minutes(2)))
struct StreamsOverHTTP2ContractTests {
    /// What curl got of a path within some seconds, with the version of HTTP in the last line.
    private func read(
        _ path: String, seconds: Int, _ pair: CertificatePair, port: Int
    ) async throws -> String {
        let run = try await ProgramRun(
            "/usr/bin/curl",
            [
                "-sN", "--http2", "--cacert", pair.certificate, "--max-time", "\(seconds)",
                "-H", "Accept: text/event-stream", "-w", "\nHTTP/%{http_version}",
                "https://127.0.0.1:\(port)\(path)",
            ], environment: ProcessInfo.processInfo.environment)
        // 28: the time was over, as it should be.
        #expect(run.status == 28, "\(run.status) \(run.errors)")
        #expect(run.output.hasSuffix("HTTP/2"))
        return run.output
    }

    private func metric(_ name: String, _ pair: CertificatePair, port: Int) async throws -> String {
        let run = try await ProgramRun(
            "/usr/bin/curl",
            ["-s", "--cacert", pair.certificate, "https://127.0.0.1:\(port)/metrics"],
            environment: ProcessInfo.processInfo.environment)
        let line = run.output.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
        return line.map { String($0.dropFirst(name.count + 1)) } ?? ""
    }

    @Test("go on after the request has ended, and end when the client has gone")
    func streams() async throws {
        let pair = try await CertificatePair.make()
        let server = try await ServerProcess.start(.init(environment: pair.environment))
        try await server.waitForLine { $0["message"]?.stringValue == "ready" }
        let port = server.port
        async let console = read("/ui/events", seconds: 4, pair, port: port)
        async let changes = read("/api/changes/v1alpha1?from=0", seconds: 3, pair, port: port)
        #expect(try await console.components(separatedBy: "event: now\n").count > 2)
        #expect(try await changes.contains("event: bookmark\n"))
        let end = ContinuousClock.now + .seconds(20)
        while try await metric("catalog_change_streams_open", pair, port: port) != "0" {
            try #require(ContinuousClock.now < end, "the stream is still open")
            try await Task.sleep(for: .milliseconds(100))
        }
        // A stream that is open when the server stops is told, and keeps it from nothing.
        async let last = ProgramRun(
            "/usr/bin/curl",
            [
                "-sN", "--http2", "--cacert", pair.certificate, "-H", "Accept: text/event-stream",
                "https://127.0.0.1:\(port)/ui/events",
            ], environment: ProcessInfo.processInfo.environment)
        try await server.waitForLine { line in
            line["path"]?.stringValue == "/ui/events" && line["duration"] != nil
        }
        #expect(try await server.terminate() == 0)
        let text = try await last.output
        #expect(text.hasSuffix("event: end\ndata: {\"reason\":\"shutdown\"}\n\n"))
    }
}
