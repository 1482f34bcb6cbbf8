import CatalogModel
import NIOHTTP1
import Telemetry
import WritePath

/// The conversation with a hub during one load.
struct HubSession: Sendable {
    let client: RemoteClient
    let hub: RemoteURL
    let key: String?
    let settings: ProviderSettings
    /// When the whole load has taken too long.
    let end: ContinuousClock.Instant

    private static let pageSize = 100

    private struct Found: Sendable {
        let id: String
        /// Whether the source names the model, so that its absence is an error.
        let isNamed: Bool
    }

    /// Throws `.unauthorized` unless the hub knows the key.
    func checkKey() async throws(LoadError) {
        let url = hub.appending("/api/whoami-v2")
        let answer = try await get(url)
        guard answer.status == 200 else {
            throw RemoteAccess.error(answer.status, url, settings)
        }
    }

    // MARK: Models

    /// The models of a preview, by name alone; at most `maxModels` of each pattern.
    func names(
        _ patterns: HubPatterns, maxModels: Int
    ) async throws(LoadError) -> [LoadedEntity] {
        try await find(patterns, perQuery: maxModels).map { found in
            LoadedEntity(
                kind: "CatalogModel", name: found.id, doc: ["name": .string(found.id)],
                position: SourcePosition(line: 1, column: 1))
        }
    }

    /// The models with all that the hub says of them, in the order of the patterns.
    ///
    /// `before` is what the last load found, to tell what has not changed.
    func models(
        _ patterns: HubPatterns, before: LoadedSource?
    ) async throws(LoadError) -> [LoadedEntity] {
        let found = try await find(patterns, perQuery: nil).filter {
            patterns.selection.includes($0.id)
        }
        let known = Dictionary(
            (before?.entities ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let syncedAtMs = Int64(MachineFacts.wallClockMs)
        var results: [Int: LoadedEntity] = [:]
        var failure: LoadError?
        func take(_ index: Int, _ result: Result<LoadedEntity?, LoadError>) {
            switch result {
            case .success(let entity): results[index] = entity
            case .failure(let error): failure = failure ?? error
            }
        }
        await withTaskGroup(of: (Int, Result<LoadedEntity?, LoadError>).self) { group in
            for (index, model) in found.enumerated() {
                if index >= ProviderLimits.hubConnections,
                    let (done, result) = await group.next()
                {
                    take(done, result)
                }
                guard failure == nil, !Task.isCancelled else { break }
                group.addTask { (index, await self.detail(model, syncedAtMs)) }
            }
            while let (done, result) = await group.next() { take(done, result) }
        }
        if Task.isCancelled {
            throw settings.error(.timeout, "the load was ended before the hub had told all")
        }
        if let failure { throw failure }
        var names: Set<String> = []
        return found.indices.compactMap { results[$0] }
            .filter { names.insert($0.name).inserted }
            .map { HubModel.settled($0, known[$0.name]) }
    }

    /// One model; nil for one that has gone since it was listed.
    private func detail(
        _ model: Found, _ syncedAtMs: Int64
    ) async -> Result<LoadedEntity?, LoadError> {
        do throws(LoadError) {
            guard let (id, value) = try await describe(model) else { return .success(nil) }
            let entity = HubModel.entity(
                id, value, readme: try await readme(id), syncedAtMs: syncedAtMs)
            return .success(entity)
        } catch {
            return .failure(error)
        }
    }

    private func describe(_ model: Found) async throws(LoadError) -> (String, JSONValue)? {
        let url = hub.appending("/api/models/\(model.id)")
        let answer = try await get(url)
        if !model.isNamed, [401, 403, 404].contains(answer.status) { return nil }
        let value = try json(answer, url)
        guard let id = HubModel.id(value) else {
            throw settings.error(.badAnswer, "\(url) answered with no model")
        }
        return (id, value)
    }

    /// The documentation; nil where there is none, or none that anybody may see, or too much.
    private func readme(_ id: String) async throws(LoadError) -> String? {
        let url = hub.appending("/\(id)/raw/main/README.md")
        let answer: RemoteAccess.Answer
        do throws(LoadError) {
            answer = try await get(url, limit: ProviderLimits.readmeBytes)
        } catch  where error.code == .tooLarge {
            return nil
        }
        if [401, 403, 404].contains(answer.status) { return nil }
        guard answer.status == 200 else { throw RemoteAccess.error(answer.status, url, settings) }
        // Postgres cannot store the character U+0000.
        guard !answer.body.contains(0) else { return nil }
        return String(validating: answer.body, as: UTF8.self)
    }

    // MARK: Finding

    private func find(
        _ patterns: HubPatterns, perQuery limit: Int?
    ) async throws(LoadError) -> [Found] {
        var found: [Found] = []
        var ids: Set<String> = []
        for query in patterns.queries {
            for model in try await find(query, limit: limit, isPreview: limit != nil)
            where ids.insert(model.id).inserted {
                found.append(model)
            }
            guard found.count <= ProviderLimits.hubModels else {
                throw settings.error(
                    .tooLarge, "more than \(ProviderLimits.hubModels) models match")
            }
        }
        return found
    }

    private func find(
        _ query: HubPatterns.Query, limit: Int?, isPreview: Bool
    ) async throws(LoadError) -> [Found] {
        switch query {
        case .model(let id):
            let model = Found(id: id, isNamed: true)
            // A load asks for each model anyway.
            guard isPreview else { return [model] }
            guard let (known, _) = try await describe(model) else { return [] }
            return [Found(id: known, isNamed: true)]
        case .models(let author, let prefix):
            return try await list(author, prefix, limit: limit ?? ProviderLimits.hubModels + 1)
        }
    }

    private func list(
        _ author: String, _ prefix: String, limit: Int
    ) async throws(LoadError) -> [Found] {
        let search = prefix.isEmpty ? "" : "&search=\(prefix)"
        var next: RemoteURL? = hub.appending(
            "/api/models?author=\(author)\(search)&limit=\(Self.pageSize)")
        let start = Fold.fold("\(author)/\(prefix)")
        var found: [Found] = []
        var pages = 0
        while let url = next, found.count < limit {
            pages += 1
            guard pages <= ProviderLimits.hubModels else {
                throw settings.error(.badAnswer, "the pages of \(url) do not end")
            }
            let answer = try await get(url)
            guard let models = try json(answer, url).arrayValue else {
                throw settings.error(.badAnswer, "\(url) answered with no list")
            }
            // The hub looks for the text anywhere in the name.
            let ids = models.compactMap(HubModel.id).filter { Fold.fold($0).hasPrefix(start) }
            found += ids.map { Found(id: $0, isNamed: false) }
            next = try following(answer, url)
        }
        return Array(found.prefix(limit))
    }

    /// The address of the next page, as the header `Link` gives it; nil at the end.
    private func following(
        _ answer: RemoteAccess.Answer, _ url: RemoteURL
    ) throws(LoadError) -> RemoteURL? {
        for link in answer.headers["link"].flatMap({ $0.split(separator: ",") }) {
            guard link.contains("rel=\"next\""), let open = link.firstIndex(of: "<"),
                let close = link.firstIndex(of: ">"), open < close
            else { continue }
            let text = String(link[link.index(after: open)..<close])
            // The key must not go anywhere else.
            guard let next = url.resolving(text), next.hasOrigin(of: hub) else {
                throw settings.error(.badAnswer, "\(url) goes on at another host")
            }
            return next
        }
        return nil
    }

    // MARK: Asking

    private func get(
        _ start: RemoteURL, limit: Int = ProviderLimits.hubAnswerBytes
    ) async throws(LoadError) -> RemoteAccess.Answer {
        var headers: HTTPHeaders = ["Accept": "application/json, text/plain"]
        if let key { headers.add(name: "Authorization", value: "Bearer \(key)") }
        var url = start
        guard ContinuousClock.now < end else {
            throw settings.error(.timeout, "the hub has too much to tell in time")
        }
        for _ in 0...ProviderLimits.redirects {
            let answer = try await client.get(url, headers: headers, limit: limit)
            guard (300..<400).contains(answer.status) else { return answer }
            // Renamed models have moved within the hub.
            guard let next = answer.headers.first(name: "location").flatMap(url.resolving),
                next.hasOrigin(of: hub)
            else { throw settings.error(.badAnswer, "\(url) leads on to another host") }
            url = next
        }
        throw settings.error(.badAnswer, "\(start) leads on too often")
    }

    private func json(
        _ answer: RemoteAccess.Answer, _ url: RemoteURL
    ) throws(LoadError) -> JSONValue {
        guard answer.status == 200 else {
            throw RemoteAccess.error(answer.status, url, settings)
        }
        guard let value = try? JSONParser.parse(answer.body) else {
            throw settings.error(.badAnswer, "\(url) answered with no JSON")
        }
        return value
    }
}
