import CLinux
import Glibc

/// Directories of environments on disk; no call here may concern one that is open.
package enum StorageDirectory {
    /// The sub-directories of `path` by name, sorted; none when `path` does not exist.
    package static func entries(of path: String) throws(StorageError) -> [String] {
        guard let directory = unsafe opendir(path) else {
            guard errno == ENOENT else {
                throw StorageError(number: errno, operation: "list directory")
            }
            return []
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let isDirectory = unsafe entry.pointee.d_type == UInt8(DT_DIR)
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
                    unsafe String(cString: $0)
                }
            }
            if isDirectory && name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Deletes an environment's files and its directory; does nothing when there is none.
    ///
    /// Throws `.locked` while the environment is open, here or in another process. Files that are
    /// not an environment's stay, and so does the directory then.
    package static func remove(_ path: String) throws(StorageError) {
        let owner: OwnerLock
        do throws(StorageError) {
            owner = try OwnerLock(directory: path)
        } catch {
            guard error.code == .notFound else { throw error }
            return
        }
        for file in ["data.mdb", "lock.mdb", "owner.lock"] {
            guard unsafe unlink(path + "/" + file) == 0 || errno == ENOENT else {
                throw StorageError(number: errno, operation: "remove file")
            }
        }
        guard unsafe rmdir(path) == 0 || errno == ENOTEMPTY else {
            throw StorageError(number: errno, operation: "remove directory")
        }
        _ = consume owner
    }

    /// Gives the file of the reader table its blocks before the library maps it.
    ///
    /// The library makes it sparse and writes to it through memory. On a full disk that would end
    /// the process by SIGBUS; this throws `.diskFull` instead.
    static func reserveLockFile(in path: String, readers: Int) throws(StorageError) {
        let descriptor = unsafe open(path + "/lock.mdb", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StorageError(number: errno, operation: "open reader table")
        }
        defer { _ = Glibc.close(descriptor) }
        let bytes = (readers + Limits.lockFileHeaderSlots) * Limits.lockFileSlotBytes
        let pages = (bytes + Limits.lockFilePageBytes - 1) / Limits.lockFilePageBytes
        let result = posix_fallocate(descriptor, 0, pages * Limits.lockFilePageBytes)
        guard result == 0 else {
            throw StorageError(number: result, operation: "reserve reader table")
        }
    }

    /// Creates the directory and its parents, readable by this user only.
    static func create(_ path: String) throws(StorageError) {
        precondition(!path.isEmpty, "the path is empty")
        var end = path.startIndex
        while end < path.endIndex {
            let from = path.index(after: end)
            end = path[from...].firstIndex(of: "/") ?? path.endIndex
            let result = unsafe mkdir(String(path[..<end]), 0o700)
            guard result == 0 || errno == EEXIST else {
                throw StorageError(number: errno, operation: "create directory")
            }
        }
    }

    /// Refuses file systems where maps or locks are not safe: network, user-space, overlay.
    static func checkLocal(_ path: String) throws(StorageError) {
        var facts = statfs()
        guard unsafe statfs(path, &facts) == 0 else {
            throw StorageError(number: errno, operation: "examine file system")
        }
        let refused: [UInt32] = [
            0x6969,  // NFS
            0x517B, 0xFF53_4D42, 0xFE53_4D42,  // SMB, CIFS, SMB 2
            0x6573_5546,  // FUSE
            0x0102_1997,  // 9P
            0x794C_7630,  // overlay
        ]
        guard !refused.contains(UInt32(truncatingIfNeeded: facts.f_type)) else {
            throw StorageError(.unsafeFileSystem, operation: "examine file system")
        }
    }
}
