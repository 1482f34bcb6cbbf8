import CatalogModel
import Synchronization
import WritePath

/// Keeps this replica's picture of the configured sources current, whoever changes them.
final class SourceWatch: Sendable {
    private let catalog: SourceCatalog
    private let directory: SourceDirectory
    private let gate = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    init(catalog: SourceCatalog, directory: SourceDirectory) {
        self.catalog = catalog
        self.directory = directory
    }

    /// Takes over the labels and named queries of the configuration.
    func take(_ file: SourcesConfiguration) { directory.sections.replace(with: file) }

    /// Takes over the sources as they are now; keeps the present picture when Postgres is away.
    func look() async {
        guard let records = try? await catalog.sources(.default) else { return }
        directory.replace(
            with: records.map { record in
                SourceDirectory.Source(
                    plugin: record.definition.plugin, id: record.definition.id,
                    labels: record.definition.labels, isEnabled: record.definition.enabled)
            })
    }

    /// Looks again and again, until `stop`.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    await self.look()
                    try? await Task.sleep(for: ServerLimits.sourceWatchInterval)
                }
            }
            for await _ in gate.stream { break }
            group.cancelAll()
        }
    }

    func stop() { gate.continuation.yield() }
}
