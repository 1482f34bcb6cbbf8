package import CatalogModel
import Foundation
package import Postgres

/// Looks at the files of `yaml` sources, to notice when one changes.
package struct SourceFiles: Sendable {
    /// What tells one state of a file from another.
    package struct Stamp: Sendable, Hashable {
        /// When the file was last written, in milliseconds since 1970.
        package let modifiedMs: Int64
        let bytes: Int64
        let node: Int64
    }

    private let thread: Reactor

    /// Takes a reactor that runs no connections, because the file system blocks.
    package init(thread: Reactor) {
        self.thread = thread
    }

    /// The path of the file that a source of the operator's file reads; nil if it reads none.
    package static func path(
        of definition: SourceDefinition, plugin: PluginDefinition
    ) -> String? {
        guard definition.type == SourceSettings.type, definition.originDirectory != nil else {
            return nil
        }
        return SourceSettings(definition, plugin: plugin).filePath
    }

    /// The stamps of those files that are there, by path; links are followed.
    package func stamps(of paths: Set<String>) async -> [String: Stamp] {
        await withTaskExecutorPreference(thread) { await Self.look(at: paths) }
    }

    @concurrent
    private static func look(at paths: Set<String>) async -> [String: Stamp] {
        var stamps: [String: Stamp] = [:]
        for path in paths {
            let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: target) else {
                continue
            }
            let modified = attributes[.modificationDate] as? Date ?? .distantPast
            stamps[path] = Stamp(
                modifiedMs: Int64(modified.timeIntervalSince1970 * 1_000),
                bytes: (attributes[.size] as? NSNumber)?.int64Value ?? 0,
                node: (attributes[.systemFileNumber] as? NSNumber)?.int64Value ?? 0)
        }
        return stamps
    }
}
