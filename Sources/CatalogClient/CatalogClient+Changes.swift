import AsyncHTTPClient
import CatalogModel
import NIOCore
import NIOHTTP1

extension CatalogClient {
    /// How one connection of a stream ended.
    private enum Ending { case stopped, broken }

    /// Tells every change once and in order until the closure returns false or the place is lost.
    ///
    /// Where a connection ends, or brings nothing for too long, it goes on at the next server after the
    /// last whole transaction. Throws `ClientError` when no server has answered several times in a row
    /// or one refuses, and whatever the closure throws.
    package func follow(
        _ subscription: ChangeSubscription, _ body: (ChangeEvent) async throws -> Bool
    ) async throws {
        var cursor = try await start(subscription)
        var failures = 0
        while true {
            try Task.checkCancellation()
            let before = cursor
            do {
                let ending = try await listen(subscription, &cursor, to: nextServer(), body)
                if ending == .stopped { return }
                failures = before == cursor ? failures + 1 : 0
                guard failures < Limits.streamAttempts else {
                    throw ClientError(
                        .unreachable, "the stream ends again and again", server: servers[0])
                }
            } catch let error as ClientError where error.code == .unreachable {
                try Task.checkCancellation()
                failures = before == cursor ? failures + 1 : 1
                guard failures < Limits.streamAttempts else { throw error }
            }
            if failures > 0 {
                let pause = Limits.firstPauseMs << min(failures, Limits.streamDoublings)
                try await Task.sleep(for: .milliseconds(pause))
            }
        }
    }

    /// The place where the stream begins, fixed before the first connection can break.
    private func start(_ subscription: ChangeSubscription) async throws -> String {
        if let from = subscription.from { return from }
        let answer = try await send(.get(Self.changes, namespace: subscription.namespace))
        guard answer.isSuccess else {
            throw ClientError(
                .refused, "status \(answer.status) \(answer.text)", server: answer.server)
        }
        guard let cursor = try answer.json()["cursor"]?.stringValue else {
            throw ClientError(.malformed, "the answer has no cursor", server: answer.server)
        }
        return cursor
    }

    private static var changes: String { "/api/changes/v1alpha1" }

    private func listen(
        _ subscription: ChangeSubscription, _ cursor: inout String, to server: String,
        _ body: (ChangeEvent) async throws -> Bool
    ) async throws -> Ending {
        let target = CatalogRequest.get(
            Self.changes, query: subscription.query + [("from", cursor)]
        ).target
        var message = HTTPClientRequest(url: server + target)
        message.headers.add(name: "Accept", value: "text/event-stream")
        if let namespace = subscription.namespace {
            message.headers.add(name: "X-Namespace", value: namespace)
        }
        for (name, value) in fields { message.headers.add(name: name, value: value) }
        let response: HTTPClientResponse
        do {
            response = try await http.execute(message, timeout: .seconds(Limits.streamSeconds))
        } catch {
            throw ClientError(.unreachable, "cannot be reached: \(error)", server: server)
        }
        guard response.status == .ok else {
            return try await refusal(response, server, body)
        }
        var parser = EventParser()
        var assembler = ChangeAssembler()
        var chunks = response.body.makeAsyncIterator()
        while true {
            let chunk: ByteBuffer?
            do { chunk = try await chunks.next() } catch { return .broken }
            guard let chunk else { return .broken }
            for event in parser.take(chunk.readableBytesView) {
                guard let told = try assembler.take(event) else { continue }
                switch told {
                case .transaction(_, let place), .bookmark(_, let place): cursor = place
                case .reset:
                    _ = try await body(told)
                    return .stopped
                }
                guard try await body(told) else { return .stopped }
            }
        }
    }

    /// What an answer that is no stream means.
    private func refusal(
        _ response: HTTPClientResponse, _ server: String,
        _ body: (ChangeEvent) async throws -> Bool
    ) async throws -> Ending {
        let text: String
        do {
            let bytes = try await response.body.collect(upTo: Limits.refusalBytes)
            text = String(decoding: bytes.readableBytesView, as: UTF8.self)
        } catch {
            throw ClientError(.unreachable, "the answer broke off", server: server)
        }
        switch response.status.code {
        case 409, 410:
            let answer = (try? JSONParser.parse(Array(text.utf8))) ?? .null
            _ = try await body(.reset(answer["details"] ?? answer))
            return .stopped
        case 429, 502, 503, 504:
            throw ClientError(
                .unreachable, "status \(response.status.code) \(text)", server: server)
        default:
            throw ClientError(.refused, "status \(response.status.code) \(text)", server: server)
        }
    }
}
