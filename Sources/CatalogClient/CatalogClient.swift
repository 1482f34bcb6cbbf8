import AsyncHTTPClient
import CatalogModel
import NIOCore
import NIOHTTP1
import Synchronization

/// A session with a catalog that is served by one or more replicas.
///
/// Requests may run at the same time. A request goes to the server that it names, or to one after the
/// other; in both cases reads carry what the session has seen, so that the answer is never older.
package struct CatalogClient: Sendable {
    private struct State {
        var tokens = SessionTokens()
        var next = 0
    }

    /// The state that copies of the client share.
    private final class Session: Sendable {
        let state = Mutex(State())
    }

    /// The addresses of the replicas, such as `http://localhost:8080`.
    package let servers: [String]
    /// Header fields of every request, such as who sends it.
    let fields: [(name: String, value: String)]
    let http: HTTPClient
    private let session = Session()

    private init(
        servers: [String], fields: [(name: String, value: String)], http: HTTPClient
    ) {
        self.servers = servers
        self.fields = fields
        self.http = http
    }

    /// Runs the closure with a client whose connections are closed afterwards.
    ///
    /// The fields go with every request. Throws `.address` for a server that is no HTTP address, and
    /// whatever the closure throws.
    package static func with<Result: Sendable>(
        servers: [String], fields: [(name: String, value: String)] = [],
        _ body: (CatalogClient) async throws -> Result
    ) async throws -> Result {
        precondition(!servers.isEmpty)
        let addresses = try servers.map { try address($0) }
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(
                connect: .seconds(Limits.connectSeconds), read: .seconds(Limits.attemptSeconds)))
        configuration.httpVersion = .http1Only
        let http = HTTPClient(
            eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
        do {
            let result = try await body(
                CatalogClient(servers: addresses, fields: fields, http: http))
            try await http.shutdown()
            return result
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    /// The address without a slash at its end.
    private static func address(_ text: String) throws(ClientError) -> String {
        let address = text.hasSuffix("/") ? String(text.dropLast()) : text
        let isHTTP = ["http://", "https://"].contains { scheme in
            address.hasPrefix(scheme) && address.utf8.count > scheme.utf8.count
        }
        guard isHTTP else {
            throw ClientError(
                .address, "an address is http://HOST:PORT or https://HOST:PORT", server: text)
        }
        return address
    }

    /// Sends a request to one server, or to the next one, and again if it may be; returns the last answer.
    ///
    /// Any status is an answer; see ``ClientError`` for what is none.
    package func send(
        _ request: CatalogRequest, to server: String? = nil
    ) async throws -> CatalogAnswer {
        var attempt = 1
        var lostHistory = false
        while true {
            let chosen = server ?? nextServer()
            let result = await Result.of { try await sendOnce(request, to: chosen) }
            let outcome: RetryPolicy.Outcome
            switch result {
            case .success(var answer):
                if answer.saysRevisionLost, request.carriesTokens, !lostHistory {
                    session.state.withLock { $0.tokens.forget(request.namespace) }
                    lostHistory = true
                    if request.isRead { continue }
                }
                answer.lostHistory = lostHistory
                outcome = .answer(
                    status: answer.status, retryAfter: answer.headers["retry-after"])
                guard let pause = pause(attempt, request, outcome) else { return answer }
                try await Task.sleep(for: .milliseconds(pause))
            case .failure(let error):
                guard let pause = pause(attempt, request, .failure) else { throw error }
                try await Task.sleep(for: .milliseconds(pause))
            }
            attempt += 1
        }
    }

    private func pause(
        _ attempt: Int, _ request: CatalogRequest, _ outcome: RetryPolicy.Outcome
    ) -> Int? {
        RetryPolicy.pauseMs(
            after: attempt, of: request, outcome, chance: Double.random(in: 0...1))
    }

    /// The next server in turn.
    func nextServer() -> String {
        session.state.withLock { state in
            state.next = (state.next + 1) % servers.count
            return servers[state.next]
        }
    }

    private func sendOnce(
        _ request: CatalogRequest, to server: String
    ) async throws(ClientError) -> CatalogAnswer {
        let answer = try await exchange(request, with: server)
        if request.carriesTokens, answer.isSuccess || answer.status == 404 || answer.status == 304 {
            session.state.withLock {
                $0.tokens.learn(
                    revision: answer.revision, epoch: answer.epoch, in: request.namespace)
            }
        }
        return answer
    }

    private func exchange(
        _ request: CatalogRequest, with server: String
    ) async throws(ClientError) -> CatalogAnswer {
        var message = HTTPClientRequest(url: server + request.target)
        message.method = HTTPMethod(rawValue: request.method)
        if let namespace = request.namespace {
            message.headers.add(name: "X-Namespace", value: namespace)
        }
        if request.carriesTokens, request.isRead {
            let tokens = session.state.withLock { $0.tokens.headers(for: request.namespace) }
            for (name, value) in tokens { message.headers.add(name: name, value: value) }
        }
        for (name, value) in fields + request.headers {
            message.headers.add(name: name, value: value)
        }
        if let body = request.body {
            message.headers.add(name: "Content-Type", value: "application/json")
            message.body = .bytes(ByteBuffer(bytes: body))
        }
        do {
            let response = try await http.execute(
                message, timeout: .seconds(Limits.attemptSeconds))
            let body = try await response.body.collect(upTo: Limits.answerBytes)
            var headers: [String: String] = [:]
            for (name, value) in response.headers where headers[name.lowercased()] == nil {
                headers[name.lowercased()] = value
            }
            return CatalogAnswer(
                server: server, status: Int(response.status.code), headers: headers,
                body: Array(body.readableBytesView))
        } catch {
            throw Self.failure(error, server)
        }
    }

    static func failure(_ error: any Error, _ server: String) -> ClientError {
        switch error {
        case let error as HTTPClientError
        where [.connectTimeout, .deadlineExceeded, .readTimeout].contains(error):
            ClientError(.timeout, "no answer in time", server: server)
        case is NIOTooManyBytesError:
            ClientError(.tooLarge, "the answer is too large", server: server)
        default:
            ClientError(.unreachable, "cannot be reached: \(error)", server: server)
        }
    }
}

extension Result where Failure == any Error {
    /// The result of an asynchronous call.
    fileprivate static func of(_ body: () async throws -> Success) async -> Self {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}
