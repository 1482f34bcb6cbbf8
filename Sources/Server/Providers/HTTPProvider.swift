import CatalogModel
import NIOHTTP1
import WritePath

/// Loads one catalog text from a web server; asks only for what has changed since.
struct HTTPProvider: SourceProvider {
    let type = "http"
    let access: RemoteAccess
    let texts: CatalogTexts
    let memory: FetchMemory

    func check(_ definition: SourceDefinition, plugin: PluginDefinition) throws(LoadError) {
        let settings = ProviderSettings(definition)
        _ = try settings.selection()
        try access.check(try url(settings), settings)
    }

    func load(
        _ definition: SourceDefinition, plugin: PluginDefinition, for purpose: SourcePurpose
    ) async throws(LoadError) -> LoadedSource {
        try check(definition, plugin: plugin)
        let settings = ProviderSettings(definition)
        let known = memory.entry(for: definition)
        var headers: HTTPHeaders = ["Accept": "application/yaml, text/yaml, text/plain, */*"]
        if let known { headers.add(name: "If-None-Match", value: known.validator) }
        let (answer, url) = try await access.fetch(
            try self.url(settings), headers: headers, settings)
        switch answer.status {
        case 304:
            guard let known else { throw RemoteAccess.error(304, url, settings) }
            return known.source
        case 200:
            let source = try await texts.load(
                [CatalogTexts.Text(name: "\(url)", bytes: answer.body)], of: definition,
                plugin: plugin)
            if let tag = answer.headers.first(name: "etag"), !tag.isEmpty {
                memory.remember(
                    FetchMemory.Entry(validator: tag, source: source, bytes: answer.body.count),
                    for: definition)
            }
            return source
        default:
            throw RemoteAccess.error(answer.status, url, settings)
        }
    }

    private func url(_ settings: ProviderSettings) throws(LoadError) -> RemoteURL {
        guard let url = RemoteURL(try settings.requiredText("url")) else {
            throw settings.error(
                .invalidField, "url must be an address such as https://host/catalog.yaml")
        }
        return url
    }
}
