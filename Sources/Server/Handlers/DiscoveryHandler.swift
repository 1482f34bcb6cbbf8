import CatalogModel
import HTTPTypes
import Hummingbird
import Telemetry

/// Discovery, capabilities and the list of namespaces.
struct DiscoveryHandler: Sendable {
    let plugins: [PluginDefinition]
    let namespaces: [Namespace]
    let tenancy: ServerConfiguration.Tenancy
    /// What capabilities say about versions of assets.
    let environments: [String]
    /// Nil where response caching is off; such answers carry no `X-Cache`.
    let cache: DiscoveryCache?
    let discoveryTTL: Duration
    let capabilitiesTTL: Duration

    func listPlugins(_ exchange: Exchange) async throws(RequestError) -> Response {
        try await cached(exchange, for: discoveryTTL) {
            .object([
                "plugins": .array(
                    plugins.map { $0.discoveryEntry(healthy: true, environments: environments) }),
                "count": .int(plugins.count),
            ])
        }
    }

    func capabilities(
        of name: String, _ exchange: Exchange
    ) async throws(RequestError) -> Response {
        guard let plugin = plugins.first(where: { $0.name == name }) else {
            throw .notFound("plugin \"\(name)\" not found")
        }
        return try await cached(exchange, for: capabilitiesTTL) {
            plugin.capabilitiesV2(environments: environments)
        }
    }

    func listNamespaces() -> Response {
        let names = tenancy == .single ? [Namespace.default] : namespaces
        return .json(
            .object([
                "namespaces": .strings(names.map(\.name)),
                "mode": .string(tenancy == .single ? "single" : "namespace"),
            ]))
    }

    /// Under what an answer is kept: namespace, and path and query as sent.
    static func key(_ namespace: Namespace, path: String) -> String {
        "\(namespace.name) \(path)"
    }

    private func cached(
        _ exchange: Exchange, for lifetime: Duration, _ make: () -> JSONValue
    ) async throws(RequestError) -> Response {
        let key = Self.key(exchange.namespace, path: exchange.request.head.path ?? "")
        let kept = cache?.answer(for: key)
        let answer = kept ?? RenderedAnswer(make().encoded + [UInt8(ascii: "\n")])
        if kept == nil { cache?.keep(answer, for: key, lifetime) }
        var headers: HTTPFields = [
            .contentType: "application/json", .cacheControl: "private, no-cache",
        ]
        if cache != nil {
            let outcome: CacheOutcome = kept == nil ? .miss : .hit
            headers[.cache] = outcome.rawValue
            headers[.cacheStatus] = CacheStatus.value(outcome)
        }
        return try await PageResponse(headers: headers, served: answer.served).respond(
            to: exchange.request.headers, tag: { answer.tag(of: $0) },
            isMet: { answer.isMet($0) })
    }
}
