import Foundation

/// An empty folder for the files of one load; blocks on the file system.
package struct ScratchFolder: Sendable {
    package let path: String

    /// Makes a folder that nobody else may look into; throws `.unreadable`.
    package init() throws(LoadError) {
        let parent = FileManager.default.temporaryDirectory.path
        path = "\(parent)/catalog-source-\(UInt64.random(in: 0 ... .max))"
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw LoadError(.unreadable, file: path, "the folder for a load cannot be made")
        }
    }

    /// Removes the folder and everything in it.
    package func remove() { try? FileManager.default.removeItem(atPath: path) }
}
