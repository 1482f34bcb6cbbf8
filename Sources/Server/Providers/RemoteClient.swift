import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import WritePath

/// Asks one host, at the address that was checked, over HTTP/1.1; follows nothing by itself.
final class RemoteClient: Sendable {
    private let http: HTTPClient
    private let settings: ProviderSettings
    private let timeout: Duration

    /// A client whose connections go to `address`, whatever the host's name means by then.
    init(
        of url: RemoteURL, at address: String, _ access: RemoteAccess, _ settings: ProviderSettings
    ) {
        self.settings = settings
        timeout = access.timeout
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.additionalTrustRoots = [.certificates(access.authorities)]
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(
            connect: .nanoseconds(
                min(ProviderLimits.connectTime, access.timeout).wholeNanoseconds))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
            ProviderLimits.hubConnections
        configuration.connectionPool.retryConnectionEstablishment = false
        if address != url.host { configuration.dnsOverride = [url.host: address] }
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Closes every connection.
    func shutdown() async { try? await http.shutdown() }

    // The library insists on an end; where `shutdown` came first, this one does nothing.
    deinit { http.shutdown { _ in } }

    /// The whole answer to a GET; throws `.tooLarge` beyond the limit, `.timeout`, and so on.
    func get(
        _ url: RemoteURL, headers: HTTPHeaders = [:], limit: Int
    ) async throws(LoadError) -> RemoteAccess.Answer {
        do {
            return try await TimeLimit.run(timeout) { [http, timeout] in
                var request = HTTPClientRequest(url: url.text)
                request.headers = headers
                request.headers.replaceOrAdd(name: "User-Agent", value: "catalog-server")
                let response = try await http.execute(
                    request, deadline: .now() + .nanoseconds(timeout.wholeNanoseconds))
                let body = try await response.body.collect(upTo: limit)
                return RemoteAccess.Answer(
                    status: Int(response.status.code), headers: response.headers,
                    body: Array(body.readableBytesView))
            }
        } catch {
            throw failure(error, url, limit)
        }
    }

    private func failure(_ error: any Error, _ url: RemoteURL, _ limit: Int) -> LoadError {
        switch error {
        case is TimeLimit.Passed:
            settings.error(.timeout, "\(url) did not answer in time")
        case let error as HTTPClientError where Self.timeouts.contains(error):
            settings.error(.timeout, "\(url) did not answer in time")
        case is NIOTooManyBytesError:
            settings.error(.tooLarge, "\(url) answered with more than \(limit) bytes")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            settings.error(.untrusted, "\(url): the certificate or TLS cannot be accepted")
        default:
            settings.error(.unreachable, "\(url) cannot be reached")
        }
    }

    private static let timeouts: [HTTPClientError] = [
        .deadlineExceeded, .connectTimeout, .readTimeout, .tlsHandshakeTimeout,
    ]
}
