import CLinux
import Glibc
import Testing

@testable import LMDB

/// False under a sanitizer, which brings an allocator of its own.
///
/// The counters are those of the whole process, so these tests run in one of their own: the script
/// that runs all tests sets the variable for it.
private var countsAreReal: Bool {
    guard unsafe getenv("CATALOG_ALLOCATIONS") != nil else { return false }
    let before = mallinfo2().uordblks
    let held = unsafe malloc(100_000)
    defer { unsafe free(held) }
    return mallinfo2().uordblks > before
}

/// Counts allocations without a hook: the thread's cache of freed blocks is emptied first, and from
/// then on even a block that is freed at once stays in that cache and so counts as in use.
@Suite("Allocations", .serialized, .enabled(if: countsAreReal))
struct AllocationTests {
    @Test("ten thousand lookups allocate nothing")
    func lookups() throws {
        let scratch = try Scratch()
        let environment = try scratch.open()
        let table = try environment.table("t", create: true)
        try environment.set([1], [UInt8](repeating: 1, count: 300), table)
        let key: [UInt8] = [1]
        try lookUp(environment, table, key, times: 100)

        // Other tests may allocate meanwhile, so one clean round out of many is the proof.
        var isClean = false
        for _ in 0..<50 where !isClean {
            isClean = try growth { try lookUp(environment, table, key, times: 10_000) } == 0
        }
        #expect(isClean)
    }

    @Test("the method notices one block that is freed at once")
    func control() throws {
        var noticed = 0
        for _ in 0..<20 where growth({ unsafe free(malloc(200)) }) != 0 { noticed += 1 }
        #expect(noticed > 10)
    }

    private func lookUp(
        _ environment: Environment, _ table: Table, _ key: [UInt8], times: Int
    ) throws(StorageError) {
        for _ in 0..<times {
            let count = try environment.read { transaction throws(StorageError) in
                try transaction.value(for: key, in: table)?.byteCount
            }
            precondition(count == 300)
        }
    }

    /// Bytes in use after `body` minus before, with the thread's block cache emptied.
    ///
    /// The blocks taken from the cache stay taken for good: given back they would land among the
    /// free blocks, from which the allocator fills the cache again behind our back.
    private func growth(_ body: () throws -> Void) rethrows -> Int {
        for size in stride(from: 24, through: 1_048, by: 16) {
            for _ in 0..<8 { unsafe withExtendedLifetime(malloc(size)) {} }
        }
        let before = mallinfo2().uordblks
        try body()
        return Int(mallinfo2().uordblks) - Int(before)
    }
}
