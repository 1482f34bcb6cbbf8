package import CatalogModel
import Synchronization

/// A double of the model hub, which cannot be asked from tests.
///
/// It speaks the hub's HTTP API over a socket: one model, lists by author and search with a cursor in
/// the header `Link`, documentation, and who a key belongs to. It is no hub: its search is a plain
/// substring, and there is nothing else.
package final class HubDouble: Sendable {
    private struct State {
        var models: [String: JSONObject] = [:]
        var readmes: [String: String] = [:]
        /// The keys that the hub knows; nobody needs one as long as there are none.
        var keys: Set<String> = []
        var fault: WebServer.Answer?
    }

    package let web: WebServer
    private let state = Mutex(State())

    private init(web: WebServer) { self.web = web }

    /// Starts a double without models.
    package static func start() async throws -> HubDouble {
        let hub = HubDouble(web: try await WebServer.start())
        hub.web.answer { [weak hub] in hub?.answer($0) ?? .drop }
        return hub
    }

    package var url: String { web.url }

    // MARK: What it has

    /// Puts a model, with what the hub says of it besides its id, or replaces it.
    package func put(_ id: String, _ members: JSONObject = [:], readme: String? = nil) {
        state.withLock { state in
            var model = members
            model["id"] = .string(id)
            model["modelId"] = .string(id)
            state.models[id] = model
            state.readmes[id] = readme
        }
    }

    /// Removes a model.
    package func remove(_ id: String) { state.withLock { $0.models[id] = nil } }

    /// Lets nobody in without one of these keys.
    package func require(keys: Set<String>) { state.withLock { $0.keys = keys } }

    /// Answers everything that way until it is nil again.
    package func fail(with answer: WebServer.Answer?) { state.withLock { $0.fault = answer } }

    // MARK: Answers

    private func answer(_ request: WebServer.Request) -> WebServer.Answer {
        state.withLock { state in
            if let fault = state.fault { return fault }
            let key = request.header("authorization")?.split(separator: " ").last.map(String.init)
            guard state.keys.isEmpty || state.keys.contains(key ?? "") else {
                return .text(#"{"error":"Invalid username or password."}"#, status: 401)
            }
            if request.path == "/api/whoami-v2" {
                guard key != nil else { return .text("{}", status: 401) }
                return .text(#"{"type":"user","name":"tester"}"#)
            }
            if request.path == "/api/models" { return list(request, state.models) }
            if let id = Self.part(request.path, after: "/api/models/") {
                guard let model = state.models[id] else {
                    return .text(#"{"error":"Repository not found"}"#, status: 404)
                }
                return .reply(200, Self.json, JSONValue.object(model).encoded)
            }
            if let id = Self.part(request.path, after: "/", before: "/raw/main/README.md"),
                let readme = state.readmes[id]
            {
                return .text(readme)
            }
            return .text("Entry not found", status: 404)
        }
    }

    private static let json = ["Content-Type": "application/json; charset=utf-8"]

    private func list(
        _ request: WebServer.Request, _ models: [String: JSONObject]
    ) -> WebServer.Answer {
        let author = request.query["author"] ?? ""
        let search = (request.query["search"] ?? "").lowercased()
        let limit = request.query["limit"].flatMap { Int($0) } ?? 1_000
        let start = request.query["cursor"].flatMap { Int($0) } ?? 0
        let ids = models.keys.filter {
            (author.isEmpty || $0.hasPrefix("\(author)/"))
                && (search.isEmpty || $0.lowercased().contains(search))
        }.sorted()
        let page = ids.dropFirst(start).prefix(limit)
        var headers = Self.json
        if start + page.count < ids.count {
            let query = "author=\(author)&search=\(search)&limit=\(limit)"
            headers["Link"] =
                "<\(web.url)/api/models?\(query)&cursor=\(start + page.count)>; rel=\"next\""
        }
        // Lists say less of a model than its own address.
        let items = page.map { id -> JSONValue in
            ["id": .string(id), "modelId": .string(id), "private": false]
        }
        return .reply(200, headers, JSONValue.array(items).encoded)
    }

    private static func part(
        _ path: String, after start: String, before end: String = ""
    ) -> String? {
        guard path.hasPrefix(start), path.hasSuffix(end), path.count > start.count + end.count
        else { return nil }
        return String(path.dropFirst(start.count).dropLast(end.count))
    }
}
