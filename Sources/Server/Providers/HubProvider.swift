import CatalogModel
import NIOHTTP1
import Telemetry
import WritePath

/// Loads models from a hub that speaks the API of huggingface.co.
struct HubProvider: SourceProvider {
    let type = "hf"
    let access: RemoteAccess
    /// The hub of sources that name none.
    let hub: RemoteURL
    let memory: FetchMemory

    /// What the properties say.
    private struct Settings {
        let hub: RemoteURL
        let patterns: HubPatterns
        let keyVariable: String
        let maxModels: Int
    }

    func check(_ definition: SourceDefinition, plugin: PluginDefinition) throws(LoadError) {
        let settings = ProviderSettings(definition)
        let wanted = try read(settings)
        try access.check(wanted.hub, settings)
    }

    func load(
        _ definition: SourceDefinition, plugin: PluginDefinition, for purpose: SourcePurpose
    ) async throws(LoadError) -> LoadedSource {
        let settings = ProviderSettings(definition)
        let wanted = try read(settings)
        let key = try key(wanted, settings)
        let before = memory.entry(for: definition)?.source
        let entities = try await access.withClient(of: wanted.hub, settings) {
            client throws(LoadError) in
            let session = HubSession(
                client: client, hub: wanted.hub, key: key, settings: settings,
                end: .now + ProviderLimits.loadTime)
            if key != nil { try await session.checkKey() }
            return purpose == .preview
                ? try await session.names(wanted.patterns, maxModels: wanted.maxModels)
                : try await session.models(wanted.patterns, before: before)
        }
        let source = LoadedSource(entities: entities)
        if purpose == .refresh {
            let bytes = entities.reduce(0) { sum, entity in
                sum + ProviderLimits.modelBytes
                    + (entity.doc["readme"]?.stringValue?.utf8.count ?? 0)
            }
            memory.remember(
                FetchMemory.Entry(validator: "", source: source, bytes: bytes), for: definition)
        }
        return source
    }

    private func read(_ settings: ProviderSettings) throws(LoadError) -> Settings {
        var hub = hub
        if let text = try settings.text("url") {
            guard let url = RemoteURL(text) else {
                throw settings.error(.invalidField, "url must be an address such as https://host")
            }
            hub = url
        }
        return Settings(
            hub: hub, patterns: try HubPatterns(settings),
            keyVariable: try settings.text("apiKeyEnvVar") ?? Setting.hubKey.variable,
            maxModels: try settings.number(
                "maxModels", standard: ProviderLimits.previewModels,
                in: 1...ProviderLimits.hubModels))
    }

    /// The key for a hub; nil where there is none, or where the hub must not learn it.
    private func key(_ wanted: Settings, _ settings: ProviderSettings) throws(LoadError) -> String?
    {
        guard let key = MachineFacts.environment()[wanted.keyVariable], !key.isEmpty else {
            guard wanted.keyVariable != Setting.hubKey.variable else { return nil }
            throw settings.error(
                .unauthorized, "the environment variable \(wanted.keyVariable) is not set")
        }
        // Checked before anything is sent, so that no other secret of the process leaves it.
        guard key.hasPrefix("hf_") else {
            throw settings.error(
                .unauthorized, "the key in \(wanted.keyVariable) does not begin with hf_")
        }
        let isTrusted = wanted.hub.hasOrigin(of: hub) || access.policy.names(wanted.hub)
        return settings.isFromFile || isTrusted ? key : nil
    }
}
