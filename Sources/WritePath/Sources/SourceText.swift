import Foundation

/// Reads the whole of a regular file as text.
package enum SourceText {
    /// The text of a file; links are followed, as mounted configuration consists of links.
    ///
    /// Blocks on the file system. Throws `.unreadable` or `.tooLarge`.
    static func read(_ path: String, limit: Int = SourceLimits.fileBytes) throws(LoadError)
        -> String
    {
        let bytes = try read(regularFile: path, limit: limit)
        guard bytes.count <= limit else {
            throw LoadError(.tooLarge, file: path, "more than \(limit) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw LoadError(.unreadable, file: path, "the file is not valid UTF-8")
        }
        return text
    }

    private static func read(regularFile path: String, limit: Int) throws(LoadError) -> Data {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: target.path)
            // A pipe or device would block the reader for as long as it likes.
            guard attributes[.type] as? FileAttributeType == .typeRegular else {
                throw LoadError(.unreadable, file: path, "not a regular file")
            }
            let handle = try FileHandle(forReadingFrom: target)
            defer { try? handle.close() }
            return try handle.read(upToCount: limit + 1) ?? Data()
        } catch let error as LoadError {
            throw error
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            throw LoadError(.unreadable, file: path, "no such file")
        } catch {
            throw LoadError(.unreadable, file: path, "the file cannot be read")
        }
    }

    /// Whether there is anything at the path; blocks on the file system.
    package static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }

    /// The path with its links resolved and without `.` and `..`.
    static func canonical(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }

    /// The directory part of a path; `.` if there is none.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The path itself if absolute, else below the directory.
    static func path(_ path: String, below directory: String) -> String {
        path.hasPrefix("/") ? path : directory + "/" + path
    }
}
