import ArgumentParser
import CatalogClient
import CatalogModel

/// Lists entities.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the entities of a kind.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The kind: its plural, its name, or PLUGIN/PLURAL.")
    var kind: String

    @Option(help: "A filterQuery, such as: category = 'research'")
    var filter: String?

    @Option(help: "The field to sort by.")
    var orderBy: String?

    @Flag(help: "Sorts from the last to the first.")
    var descending = false

    @Option(help: "How many entities at the most; all if not given.")
    var limit: Int?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is 1 or more") }
    }

    func run() async throws {
        try await common.session { session in
            let kind = try await session.kinds().kind(kind)
            var query: [(name: String, value: String)] = []
            if let filter { query.append(("filterQuery", filter)) }
            if let orderBy { query.append(("orderBy", orderBy)) }
            if descending { query.append(("sortOrder", "DESC")) }
            let items = try await session.pages(kind.list, query, items: "items", limit: limit)
            if items.isEmpty, let doubt = try await session.namespaceDoubt() {
                Output.complain(doubt)
            }
            session.show(.object(["items": .array(items)]), rows: items, kind.columns)
        }
    }
}

/// Shows one entity.
struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Shows an entity.")

    @OptionGroup var common: CommonOptions

    @OptionGroup var entity: EntityArguments

    func run() async throws {
        try await common.session { session in
            let kind = try await session.kinds().kind(entity.kind)
            do {
                session.show(try await session.get(kind.path(entity.name)))
            } catch let error as CommandError where error.status == .notFound {
                throw CommandError(
                    .notFound,
                    error.message + (try await session.suggestion(for: entity.name, of: kind)))
            }
        }
    }
}

/// Creates or replaces entities.
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Creates or replaces entities out of a file.",
        discussion: """
            The file holds documents of YAML, parted by ---, or of JSON. Without KIND each document \
            names its kind in a member "kind", which is not stored. The first document that is \
            refused ends the command; those before it stay applied.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "The kind of all documents.")
    var kind: String?

    @Option(name: .shortAndLong, help: "The file; - is standard input.")
    var file: String

    func run() async throws {
        try await common.session { session in
            let kinds = try await session.kinds()
            let works = try DocumentReader.documents(in: file).map {
                try Self.work($0, kind, kinds)
            }
            var results: [JSONValue] = []
            for (kind, name, document) in works {
                var request = CatalogRequest("PUT", kind.path(name)).once
                request.body = document.encoded
                let answer = try await session.answer(request)
                let result = answer.status == 201 ? "created" : "applied"
                results.append(
                    .object([
                        "kind": .string(kind.kind), "name": .string(name),
                        "result": .string(result),
                        "revision": answer.revision.map { .int($0) } ?? .null,
                    ]))
            }
            session.show(
                .object(["items": .array(results)]), rows: results,
                [
                    .init("kind", "kind"), .init("name", "name"), .init("result", "result"),
                    .init("revision", "revision"),
                ])
        }
    }

    /// What is to be sent for a document.
    private static func work(
        _ document: JSONValue, _ kind: String?, _ kinds: KindIndex
    ) throws(CommandError) -> (KindIndex.Kind, String, JSONValue) {
        guard var object = document.objectValue, let name = object["name"]?.stringValue else {
            throw CommandError(.usage, "a document has no name: \(document.encodedText.prefix(80))")
        }
        // Which source an entity comes from is the server's to say.
        object["sourceId"] = nil
        if let kind { return (try kinds.kind(kind), name, .object(object)) }
        guard let own = object["kind"]?.stringValue else {
            throw CommandError(.usage, "\"\(name)\" has no kind, and the command names none")
        }
        object["kind"] = nil
        return (try kinds.kind(own), name, .object(object))
    }
}

/// Deletes entities.
struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Deletes entities that were written through the API.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The kind: its plural, its name, or PLUGIN/PLURAL.")
    var kind: String

    @Argument(help: "The names of the entities.")
    var names: [String]

    func run() async throws {
        try await common.session { session in
            let kind = try await session.kinds().kind(kind)
            var deleted: [JSONValue] = []
            // What was deleted before a name that is not there is told, too.
            defer {
                if session.format != .table {
                    session.show(.object(["items": .array(deleted)]), rows: [], [])
                }
            }
            for name in names {
                do {
                    // Sent again after an answer that was lost, it still tells that it deleted.
                    _ = try await session.answer(CatalogRequest("DELETE", kind.path(name)).once)
                    if session.format == .table {
                        Output.write(["\(kind.plural)/\(name) deleted"])
                    }
                    deleted.append(
                        .object([
                            "kind": .string(kind.kind), "name": .string(name),
                            "result": "deleted",
                        ]))
                } catch let error as CommandError where error.status == .notFound {
                    throw CommandError(
                        .notFound,
                        error.message + (try await session.suggestion(for: name, of: kind)))
                }
            }
        }
    }
}

extension ControlSession {
    /// Why nothing may have been found: the namespace is none of those that the server names.
    ///
    /// Any well-formed namespace can be asked for, so this is a doubt and no error.
    func namespaceDoubt() async throws -> String? {
        guard let namespace else { return nil }
        let answer = try await get("/api/tenancy/v1alpha1/namespaces")
        let names = (answer["namespaces"]?.arrayValue ?? []).compactMap(\.stringValue)
        guard answer["mode"]?.stringValue == "namespace", !names.contains(namespace) else {
            return nil
        }
        return "the server does not name a namespace \"\(namespace)\""
            + Suggestion.clause(for: namespace, among: names)
    }

    /// What a name that is not there may have been meant to be.
    func suggestion(for name: String, of kind: KindIndex.Kind) async throws -> String {
        if let doubt = try await namespaceDoubt() { return "; \(doubt)" }
        let items = try await pages(
            kind.list, [], items: "items", limit: Limits.namesConsidered)
        return Suggestion.clause(
            for: name, among: items.compactMap { $0["name"]?.stringValue })
    }
}
