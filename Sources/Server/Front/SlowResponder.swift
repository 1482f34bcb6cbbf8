import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import Telemetry

/// Answers one request by the router, as Hummingbird's `Application` does for its own listener.
///
/// Connections that the loops in front have lent are not Hummingbird's own; with this they get the
/// same answers, with `Date` and `Server`.
final class SlowResponder<Responder: HTTPResponder>: Sendable
where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    /// The client's body was broken while the answer was being written.
    private struct BrokenBody: Error {}

    private let responder: Responder
    private let serverName: String
    private let logger: Logger
    private let date = Mutex<(seconds: Int, text: String)>((-1, ""))

    init(_ responder: Responder, serverName: String, logger: Logger) {
        self.responder = responder
        self.serverName = serverName
        self.logger = logger
    }

    @concurrent
    func respond(
        to request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel
    ) async throws {
        let context = Responder.Context(source: .init(channel: channel, logger: logger))
        var response: Response
        do {
            response = try await responder.respond(to: request, context: context)
        } catch let error as HTTPParserError {
            throw error
        } catch {
            response = Response(status: .internalServerError, body: .init())
        }
        response.headers[.date] = dateText
        response.headers[.server] = serverName
        do {
            try await writer.write(response: response.head, body: response.body)
        } catch is HTTPParserError {
            // Thrown on, it would be answered a second time.
            throw BrokenBody()
        }
    }

    private var dateText: String {
        let seconds = WallClock.seconds
        return date.withLock { date in
            if date.seconds != seconds {
                date = (
                    seconds, String(decoding: LaneDate.text(seconds: seconds), as: UTF8.self)
                )
            }
            return date.text
        }
    }
}
