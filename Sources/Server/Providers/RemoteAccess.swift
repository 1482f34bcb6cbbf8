import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import WritePath

/// How sources reach other hosts: whom they may ask, whom they believe, how long and how much.
struct RemoteAccess: Sendable {
    let policy: AddressPolicy
    /// Believed besides the system's authorities.
    let authorities: [NIOSSLCertificate]
    let timeout: Duration
    let maxBytes: Int

    /// What a host answered.
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]
    }

    /// Throws `.hostRefused` for what is wrong with an address before its host is looked up.
    func check(_ url: RemoteURL, _ settings: ProviderSettings) throws(LoadError) {
        if let objection = policy.objection(to: url) {
            throw settings.error(.hostRefused, objection)
        }
    }

    /// The address of a host, as text, once the policy has let it through.
    ///
    /// Whoever connects has to use this very address: a name may mean another one a moment later.
    func address(
        of url: RemoteURL, _ settings: ProviderSettings
    ) async throws(LoadError) -> String {
        try check(url, settings)
        let (host, port) = (url.host, url.port)
        let found: SocketAddress?
        do {
            found = try await NIOThreadPool.singleton.runIfActive {
                try SocketAddress.makeAddressResolvingHost(host, port: port)
            }
        } catch {
            throw settings.error(.unreachable, "the host \(host) cannot be found")
        }
        guard let text = found?.ipAddress, let bytes = IPAddress.bytes(of: text) else {
            throw settings.error(.unreachable, "the host \(host) has no address")
        }
        if let objection = policy.objection(to: url, at: bytes) {
            throw settings.error(.hostRefused, objection)
        }
        return text
    }

    /// Gives work a client of one host, and closes it behind it.
    func withClient<R: Sendable>(
        of url: RemoteURL, _ settings: ProviderSettings,
        _ work: (RemoteClient) async throws(LoadError) -> R
    ) async throws(LoadError) -> R {
        let address = try await address(of: url, settings)
        let client = RemoteClient(of: url, at: address, self, settings)
        let outcome: Result<R, LoadError>
        do throws(LoadError) {
            outcome = .success(try await work(client))
        } catch {
            outcome = .failure(error)
        }
        await client.shutdown()
        return try outcome.get()
    }

    /// Asks for an address and follows where its answers lead, each time by the same rules.
    func fetch(
        _ start: RemoteURL, headers: HTTPHeaders, _ settings: ProviderSettings
    ) async throws(LoadError) -> (answer: Answer, url: RemoteURL) {
        var url = start
        for _ in 0...ProviderLimits.redirects {
            let asked = url
            let answer = try await withClient(of: asked, settings) {
                client throws(LoadError) in
                try await client.get(asked, headers: headers, limit: maxBytes)
            }
            guard (300..<400).contains(answer.status), answer.status != 304 else {
                return (answer, asked)
            }
            guard let next = answer.headers.first(name: "location").flatMap(asked.resolving),
                next.isSecure || !asked.isSecure
            else {
                throw settings.error(.badAnswer, "\(asked) leads on to no usable address")
            }
            url = next
        }
        throw settings.error(.badAnswer, "\(start) leads on too often")
    }

    /// What an answer other than success means.
    static func error(
        _ status: Int, _ url: RemoteURL, _ settings: ProviderSettings
    ) -> LoadError {
        let code: LoadError.Code =
            switch status {
            case 401, 403: .unauthorized
            case 404, 410: .notFound
            case 408, 429, 500...: .sourceUnavailable
            default: .badAnswer
            }
        return settings.error(code, "\(url) answered with \(status)")
    }
}
