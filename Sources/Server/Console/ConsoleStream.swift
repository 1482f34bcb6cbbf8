import CatalogModel
import HTTPTypes
import Hummingbird
import Telemetry

/// What the console shows, as server-sent events, about once a second.
///
/// A write waits until the socket takes it and nothing is gathered meanwhile: a slow client gets
/// fewer events, and one that has stopped reading is hung up on.
struct ConsoleStream: Sendable {
    let view: ConsoleView
    let monitor: TrafficMonitor
    let stalls: Counter
    /// How long one write may wait for the client.
    let writeTimeout: Duration

    func response(_ seat: ConsoleSeats.Seat, _ exchange: Exchange) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream", .cacheControl: "no-store",
                .vary: "Accept, X-Namespace", .connection: "close", .accelBuffering: "no",
            ],
            body: ResponseBody { writer in
                defer { _ = seat }
                let channel = writer
                try await exchange.whileClientListens {
                    let watch = StallWatch(exchange.channel, limit: writeTimeout, stalls: stalls)
                    async let _: Void = watch.run()
                    var writer = channel
                    try await run(EventBuffer(watch: watch), &writer)
                }
                try await writer.finish(nil)
            })
    }

    @concurrent private func run(
        _ buffer: EventBuffer, _ writer: inout any ResponseBodyWriter
    ) async throws {
        var out = buffer
        let end = ContinuousClock.now + ServerLimits.streamLifetime
        out.retry(ms: ServerLimits.streamRetryMs)
        out.event("hello", .object(view.greeting))
        var (turn, traffic) = view.history
        out.event("traffic", traffic)
        var sent: [String: JSONValue] = [:]
        while true {
            let page = await view.page()
            out.event("now", view.now(page))
            for (name, section) in await view.sections(page) where sent[name] != section {
                out.event(name, section)
                sent[name] = section
            }
            try await out.flush(to: &writer)
            try Task.checkCancellation()
            let next = await monitor.next(after: turn)
            guard let next, ContinuousClock.now < end else {
                out.event("end", ["reason": next == nil ? "shutdown" : "lifetime"])
                return try await out.flush(to: &writer)
            }
            turn = next
        }
    }
}
