import CatalogModel
import HTTPTypes
import Hummingbird

/// The console: its page, and the stream of what it shows.
struct ConsoleHandler: Sendable {
    private let parts: ConsoleParts
    private let access: AccessControl
    private let files: [ConsoleFile: RenderedAnswer]
    private let seats = ConsoleSeats(limit: ServerLimits.consoleStreams)

    init(parts: ConsoleParts, access: AccessControl) {
        self.parts = parts
        self.access = access
        files = Dictionary(
            uniqueKeysWithValues: ConsoleFile.allCases.map { ($0, RenderedAnswer($0.bytes)) })
    }

    /// A file of the page: the same for everybody, so that nothing is lost if it is cached.
    func file(_ file: ConsoleFile, _ exchange: Exchange) async throws(RequestError) -> Response {
        guard let answer = files[file] else { throw .notFound("path not found") }
        if exchange.path.hasSuffix("/") {
            // What the page loads is named from the folder above.
            return Response(status: .permanentRedirect, headers: [.location: "../ui"])
        }
        return try await PageResponse(headers: Self.headers(of: file), served: answer.served)
            .respond(
                to: exchange.request.headers, tag: { answer.tag(of: $0) },
                isMet: { answer.isMet($0) })
    }

    private static func headers(of file: ConsoleFile) -> HTTPFields {
        [
            .contentType: "\(file.mediaType); charset=utf-8", .cacheControl: "no-cache",
            .contentSecurityPolicy: policy, .xContentTypeOptions: "nosniff",
            .referrerPolicy: "no-referrer", .openerPolicy: "same-origin",
        ]
    }

    /// Nothing but the files beside the page and this server's answers; no frame may hold it.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        + "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'"

    /// What is live: as a stream where events are asked for, else once.
    func events(_ exchange: Exchange) async throws -> Response {
        let view = ConsoleView(parts: parts, access: access, exchange: exchange)
        guard Self.wantsStream(exchange.request.headers[.accept]) else {
            var object = view.greeting
            object["traffic"] = view.history.json
            let page = await view.page()
            object["now"] = view.now(page)
            for (name, section) in await view.sections(page) { object[name] = section }
            return .json(
                .object(object), headers: [.cacheControl: "no-store", .vary: "Accept, X-Namespace"])
        }
        let stream = ConsoleStream(
            view: view, monitor: parts.monitor, stalls: parts.stalls,
            writeTimeout: parts.writeTimeout)
        return stream.response(try seats.take(), exchange)
    }

    private static func wantsStream(_ accept: String?) -> Bool {
        (accept ?? "").lowercased().split(separator: ",").contains { item in
            item.prefix { $0 != ";" }.trimmingBlanks == "text/event-stream"
        }
    }
}

extension HTTPField.Name {
    fileprivate static let referrerPolicy = console("Referrer-Policy")
    fileprivate static let openerPolicy = console("Cross-Origin-Opener-Policy")

    private static func console(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else {
            preconditionFailure("\(name) is not a header name")
        }
        return name
    }
}
