import CatalogModel
import Foundation
import TestSupport
import Testing

@Suite("catalogctl verify")
struct VerifyTests {
    private static let path = "/api/agents_catalog/v1alpha1/agents"

    /// Two live replicas of one database with the project's sample catalogs.
    private static func replicas() async throws -> [ServerProcess] {
        let first = try await ServerProcess.ready()
        let second = try await ServerProcess.ready(ServerProcess.Options(dsn: first.dsn))
        let answer = try await first.client.put(
            "\(path)/marked", headers: ["X-User-Role": "operator"],
            json: ["name": "marked", "category": "true!"])
        try #require(answer.status == 201)
        return [first, second]
    }

    private static func address(_ port: Int) -> String { "http://127.0.0.1:\(port)" }

    private func verify(_ ports: [Int], _ more: [String] = []) async throws -> ControlRun {
        try await ControlRun(
            ["verify"] + ports.flatMap { ["--server", Self.address($0)] }
                + ["--within", "10000"] + more)
    }

    @Test("live replicas are consistent; lying, absent and slow ones are told apart")
    func verdicts() async throws {
        let replicas = try await Self.replicas()
        let ports = replicas.map(\.port)

        let good = try await verify(ports)
        #expect(good.status == 0, "\(good.output) \(good.errors)")
        let sum = try #require(
            good.output.firstMatch(of: /(\d+) of (\d+) samples consistent within 10000 ms/))
        #expect(sum.1 == sum.2)
        #expect(Int(sum.1) ?? 0 > 50)

        let watched = try await ControlRun(
            ["verify", "--watch", "--samples", "1", "--server", Self.address(ports[0])],
            interruptedAfter: 2)
        #expect(watched.status == 0, "\(watched.output) \(watched.errors)")
        #expect(watched.output.split(separator: "\n").count >= 2)

        try await expectTheByteIsFound(replicas)
        try await expectTheDigestIsFound(replicas)
        try await expectTheAbsentIsNamed(replicas)
        let late = try await verify(ports, ["--within", "1", "--samples", "100"])
        #expect(late.status == 4 || late.status == 0, "\(late.output)")
        #expect((late.status == 4) == late.output.contains("LATE"))
    }

    /// A double: a relay before a live replica that changes one byte of what it answers.
    private func expectTheByteIsFound(_ replicas: [ServerProcess]) async throws {
        let liar = try await TCPProxy.start(to: .port(replicas[1].port)) { bytes in
            Self.replace("\"true!\"", by: "\"false\"", in: bytes)
        }
        let found = try await verify([replicas[0].port, liar.port])
        #expect(found.status == 1, "\(found.output)")
        let line = found.output.split(separator: "\n").first { $0.contains("/agents/marked") }
        #expect(line?.hasPrefix("VIOLATION  \(Self.address(liar.port))") == true, "\(found.output)")
        #expect(line?.contains("the body differs") == true)
        #expect(line?.contains("true!") == true && line?.contains("false") == true, "\(line ?? "")")

        let json = try await verify([replicas[0].port, liar.port], ["-o", "json"])
        #expect(json.status == 1)
        let report = try JSONParser.parse(Array(json.output.utf8))
        let findings = try #require(report["findings"]?.arrayValue)
        #expect(!findings.isEmpty)
        for finding in findings {
            #expect(finding["kind"] == "violation")
            #expect(finding["server"]?.stringValue == Self.address(liar.port))
        }
        #expect(report["consistent"]?.intValue ?? 0 > 0)
    }

    /// A double: a relay before a live replica that has another digest than the replica.
    private func expectTheDigestIsFound(_ replicas: [ServerProcess]) async throws {
        let answer = try await replicas[0].client.get("\(Self.path)?explain=cache")
        let digest = try #require(try answer.json().value(at: "collection.digest")?.stringValue)
        let other = String(digest.reversed())
        let liar = try await TCPProxy.start(to: .port(replicas[1].port)) { bytes in
            Self.replace("\"digest\":\"\(digest)\"", by: "\"digest\":\"\(other)\"", in: bytes)
        }
        let found = try await verify([replicas[0].port, liar.port], ["--samples", "0"])
        #expect(found.status == 1, "\(found.output)")
        #expect(found.output.contains("the digest differs"))
        #expect(found.output.contains(digest) && found.output.contains(other))
        #expect(found.output.contains(Self.address(liar.port)))
    }

    private func expectTheAbsentIsNamed(_ replicas: [ServerProcess]) async throws {
        let closed = try await TCPProxy.start(to: .port(replicas[1].port))
        closed.mode = .refuse
        let found = try await verify([replicas[0].port, closed.port])
        #expect(found.status == 3, "\(found.output)")
        #expect(found.output.contains("UNREACHABLE  \(Self.address(closed.port))"))
    }

    @Test("a wrong command line is told apart from everything else")
    func usage() async throws {
        for arguments in [
            ["verify", "--server", "ftp://x"], ["verify", "--samples", "-1"], ["verify", "--zz"],
        ] {
            let run = try await ControlRun(arguments)
            #expect(run.status == 64, "\(arguments): \(run.errors)")
        }
    }

    private static func replace(_ text: String, by other: String, in bytes: [UInt8]) -> [UInt8] {
        // Bytes that are no text stay as they are: every byte is a character of its own here.
        let latin = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        return latin.replacingOccurrences(of: text, with: other).unicodeScalars.map {
            UInt8(truncatingIfNeeded: $0.value)
        }
    }
}
