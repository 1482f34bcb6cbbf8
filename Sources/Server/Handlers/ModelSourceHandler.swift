import CatalogModel
import HTTPTypes
import Hummingbird
import ReadPath
import Telemetry
import WritePath

/// The sources of models as clients of the catalog see them: list, labels, and a preview.
struct ModelSourceHandler: Sendable {
    let reader: CatalogReader
    let catalog: SourceCatalog
    let loader: SourceLoader
    /// Below it lie the files that a preview in the default namespace may name.
    let directory: String

    /// The directory of the file with the sources.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The descriptions of source labels, from the configuration.
    func labels(_ kind: KindTable.Entry, _ exchange: Exchange) async throws -> Response {
        let key = exchange.query.nonEmpty("orderBy")
        let list = try MemoryList(
            exchange.query, identity: [exchange.namespace.name, "labels", key ?? ""])
        let labels = reader.sources.sections[kind.plugin.name].labels
        let items = labels.enumerated().map { index, label in
            let text = key.flatMap { label[$0]?.stringValue }
            return MemoryList.Item(
                sortKey: list.sortKey(text.map { .string($0) } ?? .missing), id: Int64(index),
                body: JSONValue.object(label).encoded)
        }
        return try await respond(list.rendered(items), .hit, kind, exchange)
    }

    /// The configured sources of the namespace with their state, from the store.
    func list(_ kind: KindTable.Entry, _ exchange: Exchange) async throws -> Response {
        let order = exchange.query.nonEmpty("orderBy") ?? "ID"
        guard order == "ID" || order == "NAME" else {
            throw RequestError.badRequest("unsupported order by field: \(order)")
        }
        let wanted = Fold.fold(exchange.query["name"] ?? "")
        let list = try MemoryList(
            exchange.query,
            identity: [exchange.namespace.name, "sources", order, wanted])
        let revision = await reader.revision(of: kind, in: exchange.namespace)
        let records = try await catalog.sources(exchange.namespace, plugin: kind.plugin.name)
            .filter { wanted.isEmpty || Fold.fold($0.definition.name).contains(wanted) }
            .sorted { $0.definition.id < $1.definition.id }
        let items = records.enumerated().map { index, record in
            let source = record.definition
            return MemoryList.Item(
                sortKey: list.sortKey(.string(order == "ID" ? source.id : source.name)),
                id: Int64(index), body: record.modelSourceJSON.encoded)
        }
        return try await respond(list.rendered(items), .miss, kind, exchange, revision)
    }

    /// What a source would list if it were configured so; keeps nothing.
    func preview(_ kind: KindTable.Entry, _ exchange: Exchange) async throws -> Response {
        let status = exchange.query.nonEmpty("filterStatus") ?? "all"
        guard ["all", "included", "excluded"].contains(status) else {
            throw RequestError.badRequest(
                "filterStatus: \"\(status)\" is not all, included or excluded")
        }
        let list = try MemoryList(
            exchange.query, identity: [exchange.namespace.name, "preview", status])
        let form = try MultipartForm(
            try await exchange.body(limit: ServerLimits.batchBodyBytes),
            contentType: exchange.request.headers[.contentType])
        guard let config = form["config"] else {
            throw RequestError.badRequest("the form needs a file \"config\"")
        }
        guard config.bytes.count <= ServerLimits.previewConfigBytes else {
            throw RequestError(
                .payloadTooLarge, "config exceeds \(ServerLimits.previewConfigBytes) bytes")
        }
        let found = try await previewed(
            try config.text(), try form["catalogData"]?.text(), kind.plugin, exchange.namespace)
        let shown = found.filter { status == "all" || $0.included == (status == "included") }
        let items = shown.enumerated().map { index, item in
            MemoryList.Item(
                sortKey: SortKey(.string(item.name)), id: Int64(index),
                body: JSONValue.object([
                    "name": .string(item.name), "included": .bool(item.included),
                ]).encoded)
        }
        var body = list.rendered(items)
        let included = found.count { $0.included }
        let summary: JSONValue = [
            "totalModels": .int(found.count), "includedModels": .int(included),
            "excludedModels": .int(found.count - included),
        ]
        // Inside the envelope, before its brace and the newline.
        body.removeLast(2)
        body += Array(#","summary":"#.utf8) + summary.encoded + Array("}\n".utf8)
        return .json(
            bytes: body,
            headers: [
                .contentType: ReadHandler.contentType(of: kind.kind), .cacheControl: "no-store",
            ])
    }

    private func previewed(
        _ config: String, _ data: String?, _ plugin: PluginDefinition, _ namespace: Namespace
    ) async throws(RequestError) -> [SourcePreview.Item] {
        do throws(LoadError) {
            let preview = try SourcePreview(
                config: config, data: data, plugin: plugin,
                directory: namespace == .default ? directory : nil)
            return preview.items(
                of: try await loader.load(preview.definition, plugin: plugin, for: .preview))
        } catch {
            throw RequestError(.unprocessable, error.description)
        }
    }

    /// Sends a list that no collection stands behind; equal tags mean equal bytes.
    private func respond(
        _ body: [UInt8], _ outcome: CacheOutcome, _ kind: KindTable.Entry,
        _ exchange: Exchange, _ known: Revision? = nil
    ) async throws -> Response {
        let tag = EntityTag(revision: .zero, digest: CatalogReader.digest(of: body))
        var revision = known
        if revision == nil { revision = await reader.revision(of: kind, in: exchange.namespace) }
        let headers: HTTPFields = [
            .contentType: ReadHandler.contentType(of: kind.kind),
            .cacheControl: "private, no-cache", .vary: "X-Namespace", .eTag: tag.description,
            .cache: outcome.rawValue, .cacheStatus: CacheStatus.value(outcome),
            .catalogRevision: String(revision?.value ?? 0),
        ]
        return try await PageResponse(headers: headers, served: ServedPage(body)).respond(
            to: exchange.request.headers, tag: { tag.description(of: $0) },
            isMet: { EntityTagCondition($0).matches(tag) }, onMade: { _ in })
    }
}
