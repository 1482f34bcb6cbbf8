import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Telemetry
import TestSupport
import Testing

@testable import Server

/// The loops in front over real sockets, all in this process, with a router that accepts everything.
///
/// The router stands for the catalog's: its answers have a status that the lane never gives, and
/// the id of their request.
final class FrontFixture {
    let lane: LaneFixture
    let client: HTTPClient
    private let group: ServiceGroup
    private let running: Task<Void, any Error>

    init(
        _ lane: LaneFixture, idleTimeout: Duration = .seconds(60), sendBufferBytes: Int? = nil
    ) async throws {
        self.lane = lane
        let logger = Logger(label: "front") { _ in SwiftLogNoOpLogHandler() }
        let router = CallbackResponder<BasicRequestContext> { request, _ in
            var fields = HTTPFields()
            fields[.requestID] = request.headers[.requestID]
            return Response(status: .accepted, headers: fields)
        }
        let responder = SlowResponder(router, serverName: "test", logger: logger)
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let listener = FrontListener(
            host: "127.0.0.1", port: 0, lane: lane.lane,
            responder: { request, writer, channel in
                try await responder.respond(to: request, writer, channel)
            },
            idleTimeout: idleTimeout, loopCount: 2, sendBufferBytes: sendBufferBytes,
            onListening: { continuation.yield($0?.port ?? 0) }, logger: logger)
        let group = ServiceGroup(configuration: .init(services: [listener], logger: logger))
        self.group = group
        running = Task { try await group.run() }
        var first = ports.makeAsyncIterator()
        client = HTTPClient(port: try #require(await first.next()))
    }

    deinit { running.cancel() }

    /// Begins to stop; `end` waits until everything has ended.
    func stop() async { await group.triggerGracefulShutdown() }

    func end() async throws { try await running.value }

    var lent: Int { lane.lane.lent.current }
    var returned: Int { lane.lane.returned.current }
    var hits: Int { lane.lane.answeredBytes.current }

    /// Waits until something has come true.
    func eventually(_ what: String, _ holds: () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(10)
        while !holds() {
            try #require(ContinuousClock.now < end, "\(what) does not come true")
            await Task.yield()
        }
    }
}

/// Requests by their ids, and what came back.
enum Numbered {
    private static let agents = "/api/agents_catalog/v1alpha1/agents"

    static func hit(_ id: Int, _ fields: String = "") -> String { get("one", id, fields) }

    static func miss(_ id: Int) -> String { get("nobody", id) }

    static func get(_ name: String, _ id: Int, _ fields: String = "") -> String {
        "GET \(agents)/\(name) HTTP/1.1\r\nHost: h\r\n\(fields)X-Request-ID: n\(id);\r\n\r\n"
    }

    static func post(_ id: Int, _ body: String) -> String {
        "POST \(agents) HTTP/1.1\r\nHost: h\r\nX-Request-ID: n\(id);\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    /// The ids of answers in their order.
    static func ids(_ text: String) -> [Int] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            guard line.hasPrefix("X-Request-ID: n") else { return nil }
            return Int(line.dropFirst(15).dropLast())
        }
    }

    /// The status codes of answers in their order.
    static func statuses(_ text: String) -> [Int] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            line.hasPrefix("HTTP/1.1 ") ? Int(line.dropFirst(9).prefix(3)) : nil
        }
    }
}
