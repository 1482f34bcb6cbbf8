import NIOSSL
import Postgres
import WritePath

/// What loads sources, made once for a replica.
struct SourceParts: Sendable {
    /// Loads sources for the store.
    let loader: SourceLoader
    /// Loads what a client tries out.
    let previews: SourceLoader
    let files: SourceFiles

    /// Reads the authorities that are believed besides the system's; throws if they are unusable.
    init(_ configuration: ServerConfiguration) throws {
        let providers = configuration.providers
        var authorities: [NIOSSLCertificate] = []
        if let path = providers.authorities {
            do {
                authorities = try NIOSSLCertificate.fromPEMBytes(Array(SmallFile.read(path).utf8))
            } catch {
                throw ConfigurationReader.Failure(
                    description: "\(Setting.sourceAuthorities.variable)=\(path): "
                        + "no certificates in PEM can be read")
            }
        }
        let access = RemoteAccess(
            policy: providers.policy, authorities: authorities, timeout: providers.timeout,
            maxBytes: providers.maxBytes)
        let thread = try Reactor()
        let texts = CatalogTexts(thread: thread)
        let memory = FetchMemory()
        let hub = HubProvider(access: access, hub: providers.hub, memory: memory)
        let all: [any SourceProvider] = [
            HTTPProvider(access: access, texts: texts, memory: memory),
            GitProvider(
                access: access, authorities: providers.authorities, texts: texts, memory: memory),
            hub,
        ]
        loader = SourceLoader(thread: thread, providers: all)
        previews = SourceLoader(
            thread: thread,
            root: ModelSourceHandler.directory(of: configuration.sourcesPath), providers: [hub])
        files = SourceFiles(thread: try Reactor())
    }
}
