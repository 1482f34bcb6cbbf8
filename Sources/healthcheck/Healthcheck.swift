import ArgumentParser
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL

/// Asks a server for one page and ends with 0 if the answer is a 2xx, with 1 otherwise.
///
/// For containers and units, where there is neither shell nor curl.
@main
struct Healthcheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Ends with 0 if a URL answers with a 2xx in time, with 1 otherwise.")

    @Argument(help: "What to ask, such as http://localhost:8080/readyz.")
    var url = "http://localhost:8080/livez"

    @Option(help: "How long the whole exchange may take, in seconds.")
    var timeout = 5

    func validate() throws {
        guard (1...3_600).contains(timeout) else {
            throw ValidationError("--timeout is from 1 to 3600 seconds")
        }
    }

    func run() async throws {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        if isLocal {
            // Whoever asks itself knows whom it asks; its certificate names the service.
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.certificateVerification = .none
            configuration.tlsConfiguration = tls
        }
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let status: UInt
        do {
            let response = try await client.execute(
                HTTPClientRequest(url: url), timeout: .seconds(Int64(timeout)))
            status = response.status.code
        } catch {
            try? await client.shutdown()
            throw Failure(description: "\(url): \(error)")
        }
        try? await client.shutdown()
        guard (200..<300).contains(status) else {
            throw Failure(description: "\(url): status \(status)")
        }
    }

    /// Whether the URL is one of this machine.
    private var isLocal: Bool {
        ["localhost", "127.0.0.1", "[::1]"].contains { host in
            ["https://\(host):", "https://\(host)/"].contains { url.hasPrefix($0) }
                || url == "https://\(host)"
        }
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }
}
