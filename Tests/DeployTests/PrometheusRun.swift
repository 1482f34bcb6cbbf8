import CatalogModel
import Foundation
import TestSupport

/// A real Prometheus with the project's rules, which scrapes servers of this machine.
final class PrometheusRun: Sendable {
    private let folder: String
    private let processIdentifier: Int32
    private let client: HTTPClient

    /// Starts it and waits until it answers; scrapes and evaluates every half second.
    init(scraping ports: [Int]) async throws {
        folder = try ServerFiles.temporaryFolder()
        let targets = ports.map { "\"127.0.0.1:\($0)\"" }.joined(separator: ", ")
        try """
        global: {scrape_interval: 500ms, evaluation_interval: 500ms}
        rule_files: ["\(RulesTests.folder)/rules.yaml"]
        scrape_configs:
          - job_name: catalog-server
            static_configs: [{targets: [\(targets)]}]
        """.write(toFile: "\(folder)/prometheus.yaml", atomically: true, encoding: .utf8)
        let port = Int.random(in: 20_000..<32_000)
        client = HTTPClient(port: port)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "prometheus", "--config.file=\(folder)/prometheus.yaml",
            "--storage.tsdb.path=\(folder)/data", "--web.listen-address=127.0.0.1:\(port)",
            "--log.level=error",
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        processIdentifier = process.processIdentifier
        try ProcessWatch.start(processIdentifier, folder: folder)
        let client = client
        try await DeployTests.eventually("Prometheus answers") {
            (try? await client.get("/-/ready").status) == 200
        }
    }

    deinit {
        // Its starter may have blocked the signals that ask.
        _ = kill(processIdentifier, SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The values of an expression at present.
    func query(_ expression: String) async throws -> [Double] {
        let encoded = expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
        let answer = try await client.get("/api/v1/query?query=\(encoded ?? "")").json()
        guard answer["status"]?.stringValue == "success" else {
            throw DeployFailure(description: "\(expression): \(answer)")
        }
        return (answer.value(at: "data.result")?.arrayValue ?? []).compactMap {
            $0["value"]?.arrayValue?.last?.stringValue.flatMap(Double.init)
        }
    }

    private func rules() async throws -> [JSONValue] {
        let answer = try await client.get("/api/v1/rules").json()
        return (answer.value(at: "data.groups")?.arrayValue ?? []).flatMap {
            $0["rules"]?.arrayValue ?? []
        }
    }

    /// Name and expression of every alert.
    func alerts() async throws -> [(name: String, expression: String)] {
        try await rules().filter { $0["type"] == "alerting" }.map {
            ($0["name"]?.stringValue ?? "", $0["query"]?.stringValue ?? "")
        }
    }

    /// The rules that could not be evaluated the last time, with the reason.
    func unhealthyRules() async throws -> [String] {
        try await rules().filter { $0["health"] != "ok" }.map {
            "\($0["name"]?.stringValue ?? ""): \($0["lastError"]?.stringValue ?? "not evaluated")"
        }
    }

    /// `inactive`, `pending` or `firing`.
    func state(of alert: String) async throws -> String? {
        try await rules().first { $0["name"]?.stringValue == alert }?["state"]?.stringValue
    }
}

private typealias RulesTests = DeployTests.RulesTests
