import CatalogModel
import ServiceLifecycle
import Telemetry
import WritePath

/// Brings the configured sources into the table that all replicas share, and has them loaded.
struct ConfiguredSources: Sendable {
    let configuration: ServerConfiguration
    let catalog: SourceCatalog
    let queue: JobQueue
    let management: ManagementParts
    let observer: Observer

    private var document: (any SourcesDocumentStore)? { management.manager.config.document }

    /// Takes the sources over as they are configured now; returns the plugins that changed.
    ///
    /// Throws a `LoadError` for what cannot be read.
    func take() async throws -> [String] {
        guard let document else {
            let file = try SourcesFile.load(configuration.sourcesPath)
            management.directory.take(file)
            return try await catalog.synchronize(
                file, keepsChanges: configuration.configStore == .database)
        }
        while true {
            let known = try await catalog.documentVersion(document.name)
            let text = try await seeded(document)
            if let changed = try await take(text, of: document, after: known) { return changed }
        }
    }

    /// Takes a text over; nil when another one was taken over since `known` was read.
    private func take(
        _ text: String, of document: any SourcesDocumentStore, after known: String?
    ) async throws -> [String]? {
        let parsed = try SourcesFile.parse(
            text, file: document.label, directory: document.directory)
        let changed = try await catalog.synchronize(
            parsed, document: document.name, text: text, after: known)
        if changed != nil { management.directory.take(parsed) }
        return changed
    }

    /// The document's text; where there is none yet it begins as the sources file.
    private func seeded(_ document: any SourcesDocumentStore) async throws -> String {
        while true {
            let text = try await document.read()
            guard text.isEmpty else { return text }
            let file = try SourcesFile.text(of: configuration.sourcesPath)
            do {
                try await document.replace("", with: file)
                return file
            } catch let error as RequestError where error.code == .conflict {
                // Another replica was faster: its text is the one.
                continue
            }
        }
    }

    /// Loads every source of some plugins, or of all, before it returns.
    func loadAtOnce(_ plugins: [String]? = nil) async {
        for plugin in Plugins.all where plugins?.contains(plugin.name) ?? true {
            _ = await management.refresher.refreshNow(.default, plugin, by: Job.system)
        }
    }

    // MARK: Following

    /// Keeps what reads know of the sources current, whoever changes them, and has those loaded
    /// that are due.
    func watch(_ stage: StartupStage, _ sync: SourceSync) -> any Service {
        let directory = management.directory
        return ManagedService {
            await stage.wait(for: .loaded)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await follow() }
                group.addTask { await sync.run() }
                await directory.run()
                group.cancelAll()
            }
        } stop: {
            sync.stop()
            directory.stop()
            stage.reached(.loaded)
        }
    }

    /// Takes over what others write into the document, until cancelled.
    func follow() async {
        guard let document else { return }
        var text = ""
        while !Task.isCancelled {
            do {
                try await document.awaitChange(of: text)
                let known = try await catalog.documentVersion(document.name)
                let present = try await document.read()
                if present != text, try await follow(present, of: document, after: known) {
                    text = present
                }
            } catch {
                if Task.isCancelled { return }
                observer.observe(.upkeepFailed(task: "sources", reason: "\(error)"))
                try? await Task.sleep(for: ManagementLimits.documentInterval)
            }
        }
    }

    /// Whether a text has been dealt with; what cannot be read is, until it is another one.
    private func follow(
        _ text: String, of document: any SourcesDocumentStore, after known: String?
    ) async throws -> Bool {
        do {
            if ConfigVersion.whole(text) == known {
                // Another replica, or a request, has taken it over.
                management.directory.take(
                    try SourcesFile.parse(
                        text, file: document.label, directory: document.directory))
                return true
            }
            guard let changed = try await take(text, of: document, after: known) else {
                return false
            }
            observer.observe(.sourcesChanged(version: ConfigVersion.short(text)))
            await management.directory.look()
            guard configuration.jobsEnabled else {
                await loadAtOnce(changed)
                return true
            }
            _ = try await catalog.enqueueInitialLoad(queue, only: changed)
            return true
        } catch let error as LoadError {
            observer.observe(.upkeepFailed(task: "sources", reason: error.description))
            return true
        }
    }
}
