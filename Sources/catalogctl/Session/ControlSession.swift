import CatalogClient
import CatalogModel

/// What one run of a command works with: the client, the namespace, and how results are shown.
struct ControlSession: Sendable {
    let client: CatalogClient
    let namespace: String?
    let format: OutputFormat

    /// The answer to a request; throws `CommandError` for every status but success.
    func answer(_ request: CatalogRequest) async throws -> CatalogAnswer {
        var request = request
        request.namespace = namespace
        let answer = try await client.send(request)
        guard answer.isSuccess else { throw Self.error(answer) }
        return answer
    }

    /// The JSON of a successful answer.
    func json(_ request: CatalogRequest) async throws -> JSONValue {
        try await answer(request).json()
    }

    /// The JSON of what a path holds.
    func get(
        _ path: String, _ query: [(name: String, value: String)] = []
    ) async throws -> JSONValue {
        try await json(.get(path, query: query))
    }

    /// The JSON of the answer to a request with a body.
    func send(_ method: String, _ path: String, _ body: JSONValue?) async throws -> JSONValue {
        var request = CatalogRequest(method, path)
        request.body = body?.encoded
        return try await json(request)
    }

    /// Members of the pages of a list, up to a number of them, and how many there are at least.
    func pages(
        _ path: String, _ query: [(name: String, value: String)], items: String, limit: Int?
    ) async throws -> [JSONValue] {
        var found: [JSONValue] = []
        var token = ""
        repeat {
            let size = min(limit.map { $0 - found.count } ?? Limits.pageSize, Limits.pageSize)
            var all = query + [("pageSize", String(size))]
            if !token.isEmpty { all.append(("pageToken", token)) }
            let page = try await get(path, all)
            found += page[items]?.arrayValue ?? []
            token = page["nextPageToken"]?.stringValue ?? ""
        } while !token.isEmpty && found.count < limit ?? .max
        return Array(found.prefix(limit ?? .max))
    }

    /// Prints a result: as it is, or as a table of its rows.
    func show(_ value: JSONValue, rows: [JSONValue], _ columns: [TextTable.Column]) {
        switch format {
        case .table: Output.write(TextTable.lines(rows, columns))
        case .json: Output.write([value.encodedText])
        case .yaml: Output.write(YAMLText.document(value))
        }
    }

    /// The JSON of what one server answers, and not another one in its place.
    func json(_ request: CatalogRequest, from server: String) async throws -> JSONValue {
        var request = request
        request.namespace = namespace
        let answer = try await client.send(request, to: server)
        guard answer.isSuccess else { throw Self.error(answer) }
        return try answer.json()
    }

    /// Prints one object: as it is, or a member a line.
    func show(_ value: JSONValue) {
        guard format == .table, case .object(let object) = value else {
            return show(value, rows: [value], [])
        }
        let rows = object.members.map {
            JSONValue.object(["member": .string($0.key), "value": $0.value])
        }
        Output.write(TextTable.pairs(rows))
    }

    /// What an answer that is no success means for the command.
    static func error(_ answer: CatalogAnswer) -> CommandError {
        let body = try? answer.json()
        let problems = (body?["errors"]?.arrayValue ?? []).compactMap { problem in
            problem["message"]?.stringValue.map { message in
                problem["field"]?.stringValue.map { "\($0): \(message)" } ?? message
            }
        }
        let message =
            body?["message"]?.stringValue ?? body?["error"]?.stringValue
            ?? (problems.isEmpty ? "refused" : problems.joined(separator: "; "))
        let status: ExitStatus =
            switch answer.status {
            case 404: .notFound
            case 429, 502, 503, 504: .unreachable
            default: .failed
            }
        return CommandError(status, "\(answer.server): \(message) (\(answer.status))")
    }
}
