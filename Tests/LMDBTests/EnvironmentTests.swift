import Glibc
import Synchronization
import Testing

@testable import LMDB

@Suite("Environment")
struct EnvironmentTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    @Test("a directory opens once, and again after a close")
    func doubleOpen() throws {
        let first = try scratch.open()
        #expect(code { () throws(StorageError) in _ = try scratch.open() } == .locked)
        try first.close()
        let second = try scratch.open()
        try second.close()
        try second.close()
    }

    @Test("only a closed environment is removed, with its directory")
    func remove() throws {
        let path = scratch.path + "/deep/one"
        let environment = try Environment(path: path, options: EnvironmentOptions(noSync: true))
        #expect(try StorageDirectory.entries(of: scratch.path + "/deep") == ["one"])
        #expect(code { () throws(StorageError) in try StorageDirectory.remove(path) } == .locked)
        try environment.close()
        try StorageDirectory.remove(path)
        try StorageDirectory.remove(path)
        #expect(try StorageDirectory.entries(of: scratch.path + "/deep") == [])
        #expect(try StorageDirectory.entries(of: scratch.path + "/nowhere") == [])
        unsafe rmdir(scratch.path + "/deep")
    }

    @Test("a closed environment refuses every call")
    func closed() throws {
        let environment = try scratch.open()
        let table = try environment.table("t", create: true)
        try environment.close()
        #expect(code { () throws(StorageError) in _ = try environment.get([1], table) } == .closed)
        #expect(code { () throws(StorageError) in try environment.set([1], [], table) } == .closed)
        #expect(environment.info.mapSizeBytes == 0)
        #expect(code { () throws(StorageError) in try environment.sync() } == .closed)
        #expect(code { () throws(StorageError) in try environment.growMap(to: 1 << 30) } == .closed)
    }

    @Test("ten thousand reads use one slot")
    func slots() throws {
        let environment = try scratch.open(maxReaders: 2)
        let table = try environment.table("t", create: true)
        for _ in 0..<10_000 { _ = try environment.get([1], table) }
        let info = environment.info
        #expect(info.readerSlots == 1)
        #expect(info.activeReaders == 0)
        #expect(try environment.checkStaleReaders() == 0)
        #expect(environment.oldestReaderAge == .zero)
    }

    @Test("one read too many is refused and the others go on")
    func readersFull() throws {
        let environment = try scratch.open(maxReaders: 2)
        let table = try environment.table("t", create: true)
        let inner = try environment.read { _ throws(StorageError) in
            try environment.read { _ throws(StorageError) in
                code { () throws(StorageError) in _ = try environment.get([1], table) }
            }
        }
        #expect(inner == .readersFull)
        #expect(try environment.get([1], table) == nil)
    }

    @Test("a file that was cut short is reported, not mapped")
    func truncated() throws {
        let environment = try scratch.open()
        let table = try environment.table("t", create: true)
        try environment.set([1], [UInt8](repeating: 1, count: 200_000), table)
        try environment.close()
        unsafe truncate(scratch.path + "/data.mdb", 40_960)
        #expect(code { () throws(StorageError) in _ = try scratch.open() } == .corrupted)
    }

    @Test("a file of something else is reported")
    func foreignFile() throws {
        let descriptor = unsafe open(scratch.path + "/data.mdb", O_CREAT | O_WRONLY, 0o600)
        let junk = [UInt8](repeating: 0x5A, count: 65_536)
        _ = unsafe write(descriptor, junk, junk.count)
        _ = close(descriptor)
        #expect(code { () throws(StorageError) in _ = try scratch.open() } == .notADatabase)
    }

    @Test("a full map grows and the write succeeds, up to the limit")
    func growsOnDemand() throws {
        let environment = try scratch.open(mapSizeBytes: 1 << 20, maxMapSizeBytes: 8 << 20)
        let table = try environment.table("t", create: true)
        let large = [UInt8](repeating: 7, count: 4 << 20)
        try environment.set([1], large, table)
        #expect(try environment.get([1], table) == large)
        let failure = code { () throws(StorageError) in try environment.set([2], large, table) }
        #expect(failure == .mapFull)
        #expect(environment.info.mapSizeBytes == 8 << 20)
        try environment.set([1], [1], table)
        #expect(try environment.get([1], table) == [1])
    }

    @Test("the map grows ahead of need")
    func growsAhead() throws {
        let environment = try scratch.open(mapSizeBytes: 1 << 20)
        let table = try environment.table("t", create: true)
        try environment.set([1], [UInt8](repeating: 7, count: 800 << 10), table)
        #expect(environment.info.mapSizeBytes == 1 << 20)
        try environment.set([2], [1], table)
        #expect(environment.info.mapSizeBytes == 2 << 20)
    }

    @Test("a resize inside a read gives up instead of locking the process up")
    func resizeInsideRead() throws {
        let environment = try scratch.open()
        let failure = try environment.read { _ throws(StorageError) in
            code { () throws(StorageError) in try environment.growMap(to: 64 << 20) }
        }
        #expect(failure == .busy)
        try environment.growMap(to: 64 << 20)
        #expect(environment.info.mapSizeBytes == 64 << 20)
    }

    @Test("readers never see torn pairs while the map grows under them")
    func growthUnderReaders() async throws {
        let environment = try scratch.open(mapSizeBytes: 1 << 20)
        let table = try environment.firstPair()
        let progress = Progress()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    while !progress.isDone.load(ordering: .relaxed) {
                        guard try environment.pairIsWhole(table) else { throw TornPair() }
                        progress.reads.add(1, ordering: .relaxed)
                        await Task.yield()
                    }
                }
            }
            group.addTask {
                defer { progress.isDone.store(true, ordering: .relaxed) }
                for step in 1...60 {
                    try environment.writePair(UInt64(step), table)
                    try environment.grow(table, UInt64(step))
                    await Task.yield()
                }
            }
            try await group.waitForAll()
        }
        #expect(progress.reads.load(ordering: .relaxed) > 0)
        #expect(environment.info.mapSizeBytes > 8 << 20)
        #expect(try environment.get(bigEndian(60), table)?.count == 200_000)
    }
}

private final class Progress: Sendable {
    let isDone = Atomic<Bool>(false)
    let reads = Atomic<Int>(0)
}

private struct TornPair: Error {}

extension Environment {
    fileprivate func firstPair() throws(StorageError) -> Table {
        let table = try table("t", create: true)
        try writePair(0, table)
        return table
    }

    fileprivate func writePair(_ number: UInt64, _ table: Table) throws(StorageError) {
        try write { transaction throws(StorageError) in
            try transaction.put(bigEndian(number), for: [0, 1], in: table)
            try transaction.put(bigEndian(.max - number), for: [0, 2], in: table)
        }
    }

    fileprivate func grow(_ table: Table, _ number: UInt64) throws(StorageError) {
        try set(bigEndian(number), [UInt8](repeating: UInt8(number), count: 200_000), table)
    }

    fileprivate func pairIsWhole(_ table: Table) throws(StorageError) -> Bool {
        try read { transaction throws(StorageError) in
            guard let left = try transaction.value(for: [0, 1], in: table),
                let right = try transaction.value(for: [0, 2], in: table)
            else { return false }
            return zip(bytes(left), bytes(right)).allSatisfy { $0 == ~$1 }
        }
    }
}
