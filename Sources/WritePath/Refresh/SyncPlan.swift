package import CatalogModel

/// Decides which sources are due: their interval is over, or their file has changed.
///
/// Holds no clock and touches nothing. A change of a file counts once the file has been the same in
/// two looks, so that one that is being written is left alone.
package struct SyncPlan: Sendable {
    /// Names a source.
    package struct Key: Hashable, Sendable {
        package let namespace: Namespace
        package let plugin: String
        package let source: String
    }

    /// A source whose refresh is due.
    package struct Due: Hashable, Sendable {
        package let key: Key
        /// A refresh that was asked for within this counts, since other replicas look too.
        package let spacing: Duration
    }

    /// What is known of a source's file.
    private struct File {
        let path: String
        /// As it was when a refresh was last asked for.
        var handled: SourceFiles.Stamp?
        /// As it was at the last look.
        var seen: SourceFiles.Stamp?
        var isChanged = false
    }

    private var files: [Key: File] = [:]

    /// A plan that knows no source yet.
    package init() {}

    /// The paths to look at, for these sources.
    package static func paths(of sources: [SourceCatalog.Synced]) -> Set<String> {
        Set(sources.compactMap { path(of: $0) })
    }

    /// The sources whose refresh is due, given what their files look like now.
    ///
    /// A file that has changed stays due until `handled` says that a refresh reads it.
    package mutating func due(
        _ sources: [SourceCatalog.Synced], stamps: [String: SourceFiles.Stamp]
    ) -> [Due] {
        var due: [Due] = []
        var present: Set<Key> = []
        for source in sources {
            let key = Key(
                namespace: source.namespace, plugin: source.definition.plugin,
                source: source.definition.id)
            guard let path = Self.path(of: source) else {
                if let interval = Self.elapsedInterval(of: source) {
                    due.append(Due(key: key, spacing: interval / 2))
                }
                continue
            }
            present.insert(key)
            if look(at: path, stamps[path], of: source, key) {
                due.append(Due(key: key, spacing: .zero))
            }
        }
        files = files.filter { present.contains($0.key) }
        return due
    }

    /// A refresh that begins after the last look has been asked for.
    package mutating func handled(_ key: Key) {
        guard var file = files[key] else { return }
        file.handled = file.seen
        file.isChanged = false
        files[key] = file
    }

    private mutating func look(
        at path: String, _ stamp: SourceFiles.Stamp?, of source: SourceCatalog.Synced, _ key: Key
    ) -> Bool {
        guard var file = files[key], file.path == path else {
            // Written after the last refresh, perhaps while nobody looked.
            let isNewer = stamp.map { $0.modifiedMs >= (source.refreshedAtMs ?? .max) } ?? false
            files[key] = File(path: path, handled: stamp, seen: stamp, isChanged: isNewer)
            return false
        }
        let isStill = stamp == file.seen
        file.seen = stamp
        if stamp != file.handled { file.isChanged = true }
        files[key] = file
        return file.isChanged && isStill
    }

    /// The interval of a source that is fetched, if it is over.
    private static func elapsedInterval(of source: SourceCatalog.Synced) -> Duration? {
        // Before the first refresh, whoever configured the source asks for it.
        guard let age = source.age, let given = try? SyncInterval.of(source.definition) else {
            return nil
        }
        let interval = source.hasFailed ? min(given, JobLimits.failedSyncInterval) : given
        return age >= interval ? interval : nil
    }

    private static func path(of source: SourceCatalog.Synced) -> String? {
        guard let plugin = Plugins.named(source.definition.plugin) else { return nil }
        return SourceFiles.path(of: source.definition, plugin: plugin)
    }
}
