import Glibc

@testable import LMDB

/// A directory of its own, removed with the value.
final class Scratch: Sendable {
    let path: String

    init() throws(StorageError) {
        var template = Array("/tmp/storage-test-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw StorageError(number: errno, operation: "make scratch directory")
        }
        path = String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
    }

    deinit {
        for name in ["data.mdb", "lock.mdb", "owner.lock"] {
            unsafe unlink(path + "/" + name)
        }
        unsafe rmdir(path)
    }

    func open(
        mapSizeBytes: Int = 16 << 20, maxMapSizeBytes: Int = 512 << 20,
        growthStepBytes: Int = 1 << 20, maxReaders: Int = 16, faults: FaultPlan? = nil
    ) throws(StorageError) -> Environment {
        try Environment(
            path: path,
            options: EnvironmentOptions(
                mapSizeBytes: mapSizeBytes, maxMapSizeBytes: maxMapSizeBytes,
                growthStepBytes: growthStepBytes, maxReaders: maxReaders, maxTables: 8,
                noSync: true, faults: faults))
    }
}

func bytes(_ span: RawSpan) -> [UInt8] {
    unsafe span.withUnsafeBytes { unsafe Array($0) }
}

func bigEndian(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
}

extension Environment {
    func get(_ key: [UInt8], _ table: Table) throws(StorageError) -> [UInt8]? {
        try read { transaction throws(StorageError) in
            guard let found = try transaction.value(for: key, in: table) else { return nil }
            return bytes(found)
        }
    }

    func set(_ key: [UInt8], _ value: [UInt8], _ table: Table) throws(StorageError) {
        try write { transaction throws(StorageError) in
            try transaction.put(value, for: key, in: table)
        }
    }

    func count(_ table: Table) throws(StorageError) -> Int {
        try read { transaction throws(StorageError) in try transaction.entryCount(of: table) }
    }

    func allKeys(_ table: Table, backwards: Bool = false) throws(StorageError) -> [[UInt8]] {
        try read { transaction throws(StorageError) in
            try transaction.withCursor(in: table) { cursor throws(StorageError) in
                var keys: [[UInt8]] = []
                var found = backwards ? try cursor.last() : try cursor.first()
                while found {
                    keys.append(bytes(cursor.key))
                    found = backwards ? try cursor.previous() : try cursor.next()
                }
                return keys
            }
        }
    }
}

/// Runs `body` and returns the code of what it throws, or nil.
func code(_ body: () throws(StorageError) -> Void) -> StorageError.Code? {
    do throws(StorageError) {
        try body()
        return nil
    } catch {
        return error.code
    }
}
