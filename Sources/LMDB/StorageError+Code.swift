import CLMDB
import Glibc

extension StorageError {
    /// The stable name of a kind of failure.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private let name: String

        /// The return code that stands for this kind; 0 where only this target raises it.
        package let number: Int32

        private init(_ name: String, _ number: Int32) {
            self.name = name
            self.number = number
        }

        package var description: String { name }

        package static func == (left: Code, right: Code) -> Bool {
            left.name == right.name
        }

        package func hash(into hasher: inout Hasher) {
            hasher.combine(name)
        }
    }
}

extension StorageError.Code {
    /// The map has no room left; `Environment.write` grows it and runs the body again.
    package static let mapFull = Self("mapFull", MDB_MAP_FULL)
    /// All reader slots are taken.
    package static let readersFull = Self("readersFull", MDB_READERS_FULL)
    /// A page is not what it should be, or the file is shorter than its header says.
    package static let corrupted = Self("corrupted", MDB_CORRUPTED)
    /// The key or table does not exist.
    package static let notFound = Self("notFound", MDB_NOTFOUND)
    /// The key exists and the write asked for a new one, or an append was out of order.
    package static let keyExists = Self("keyExists", MDB_KEYEXIST)
    /// The file is not a data file of the library.
    package static let notADatabase = Self("notADatabase", MDB_INVALID)
    /// An argument was rejected.
    package static let invalid = Self("invalid", EINVAL)
    /// An earlier failure made the environment unusable; open it anew.
    package static let panic = Self("panic", MDB_PANIC)
    /// The data file has another format version.
    package static let versionMismatch = Self("versionMismatch", MDB_VERSION_MISMATCH)
    /// The map was resized by someone else.
    package static let mapResized = Self("mapResized", MDB_MAP_RESIZED)
    /// The transaction had failed before and can only be aborted.
    package static let badTransaction = Self("badTransaction", MDB_BAD_TXN)
    /// The reader slot was taken away.
    package static let badReaderSlot = Self("badReaderSlot", MDB_BAD_RSLOT)
    /// The table is unknown to this snapshot, for example because it is younger.
    package static let badTable = Self("badTable", MDB_BAD_DBI)
    /// More tables than the options allow.
    package static let tablesFull = Self("tablesFull", MDB_DBS_FULL)
    /// The transaction changed too many pages.
    package static let transactionFull = Self("transactionFull", MDB_TXN_FULL)
    /// A key is empty or too long, or a value too large.
    package static let badValueSize = Self("badValueSize", MDB_BAD_VALSIZE)
    /// The disk has no room; a short write arrives as `.io` instead.
    package static let diskFull = Self("diskFull", ENOSPC)
    /// The kernel could not read or write.
    package static let io = Self("io", EIO)
    /// The kernel had no memory, or no address space for the map.
    package static let outOfMemory = Self("outOfMemory", ENOMEM)
    /// The directory or file may not be opened.
    package static let accessDenied = Self("accessDenied", EACCES)
    /// Too many open files.
    package static let tooManyFiles = Self("tooManyFiles", EMFILE)
    /// Another environment, here or in another process, owns the directory.
    package static let locked = Self("locked", EWOULDBLOCK)
    /// Readers did not end in time for a resize or a close.
    package static let busy = Self("busy", EBUSY)
    /// The environment was closed.
    package static let closed = Self("closed", EBADF)
    /// The directory lies on a file system where memory maps and locks are not safe.
    package static let unsafeFileSystem = Self("unsafeFileSystem", EOPNOTSUPP)
    /// Any other number.
    package static let other = Self("other", 0)

    private static let all: [Self] = [
        .mapFull, .readersFull, .corrupted, .notFound, .keyExists, .notADatabase, .invalid, .panic,
        .versionMismatch, .mapResized, .badTransaction, .badReaderSlot, .badTable, .tablesFull,
        .transactionFull, .badValueSize, .diskFull, .io, .outOfMemory, .accessDenied,
        .tooManyFiles, .locked, .busy, .closed, .unsafeFileSystem,
    ]

    /// Finds the code that stands for a return code of the library or an errno.
    init(number: Int32) {
        switch number {
        case MDB_PAGE_NOTFOUND, MDB_INCOMPATIBLE: self = .corrupted
        case EDQUOT: self = .diskFull
        case EPERM, EROFS: self = .accessDenied
        case ENFILE: self = .tooManyFiles
        case ENOENT: self = .notFound
        default: self = Self.all.first { $0.number == number } ?? .other
        }
    }
}
