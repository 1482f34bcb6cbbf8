import Testing

@testable import LMDB

@Suite("Injected failures")
struct FaultTests {
    @Test(
        "after any failing call the data are old or new and the next write works",
        arguments: [StorageError.Code.io, .diskFull, .mapFull, .outOfMemory])
    func everyCall(failure: StorageError.Code) throws {
        let scratch = try Scratch()
        let faults = FaultPlan()
        let environment = try scratch.open(mapSizeBytes: 1 << 20, faults: faults)
        let table = try environment.table("t", create: true)
        try environment.rewrite(table, 0)
        var points: Set<FaultPlan.Point> = []
        var call = 0
        repeat {
            call += 1
            let new = UInt8(truncatingIfNeeded: call)
            let old = try environment.content(table)
            faults.arm(call: call, code: failure)
            let thrown = code { () throws(StorageError) in try environment.rewrite(table, new) }
            let injected = faults.injected
            faults.disarm()
            let now = try environment.content(table)
            #expect(now == (thrown == nil ? FaultTests.expected(new) : old))
            if let injected { points.insert(injected) }
            if injected == nil { #expect(thrown == nil) }
            if injected != nil && failure != .mapFull { #expect(thrown == failure) }
            if injected == nil { break }
        } while call < 200
        #expect(call < 200)
        #expect(points.isSuperset(of: [.beginWrite, .get, .put, .delete, .clear, .commit]))
        #expect(points.isSuperset(of: [.openCursor, .moveCursor]))
    }

    @Test("a read that fails to begin gives its slot back")
    func failingReads() throws {
        let scratch = try Scratch()
        let faults = FaultPlan()
        let environment = try scratch.open(maxReaders: 2, faults: faults)
        let table = try environment.table("t", create: true)
        for _ in 0..<10 {
            faults.arm(call: 1, code: .io)
            let thrown = code { () throws(StorageError) in _ = try environment.get([1], table) }
            #expect(thrown == .io)
            #expect(try environment.get([1], table) == nil)
        }
        #expect(environment.info.activeReaders == 0)
    }

    @Test("a table that fails to open can be opened later")
    func failingTable() throws {
        let scratch = try Scratch()
        let faults = FaultPlan()
        let environment = try scratch.open(faults: faults)
        for call in 1...3 {
            faults.arm(call: call, code: .io)
            let thrown = code { () throws(StorageError) in
                _ = try environment.table("t", create: true)
            }
            #expect(thrown == .io)
            #expect(environment.info.activeReaders == 0)
        }
        let table = try environment.table("t", create: true)
        #expect(try environment.count(table) == 0)
    }

    fileprivate static func expected(_ value: UInt8) -> [[UInt8]] {
        [[1, value], [2, value], [3, value]]
    }
}

extension Environment {
    /// Replaces everything, through every kind of call.
    fileprivate func rewrite(_ table: Table, _ value: UInt8) throws(StorageError) {
        try write { transaction throws(StorageError) in
            _ = try transaction.value(for: [1], in: table)
            try transaction.put([99], for: [1], in: table)
            try transaction.put([99], for: [9], in: table)
            _ = try transaction.delete([1], in: table)
            try transaction.withCursor(in: table) { cursor throws(StorageError) in
                while try cursor.next() { try cursor.deleteCurrent() }
            }
            try transaction.clear(table)
            for key: UInt8 in 1...3 { try transaction.put([value], for: [key], in: table) }
        }
    }

    fileprivate func content(_ table: Table) throws(StorageError) -> [[UInt8]] {
        try read { transaction throws(StorageError) in
            try transaction.withCursor(in: table) { cursor throws(StorageError) in
                var entries: [[UInt8]] = []
                while try cursor.next() { entries.append(bytes(cursor.key) + bytes(cursor.value)) }
                return entries
            }
        }
    }
}
