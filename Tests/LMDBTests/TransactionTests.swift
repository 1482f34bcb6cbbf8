import Testing

@testable import LMDB

@Suite("Reading and writing")
struct TransactionTests {
    private let scratch: Scratch
    private let environment: Environment
    private let table: Table

    init() throws {
        scratch = try Scratch()
        environment = try scratch.open()
        table = try environment.table("t", create: true)
    }

    @Test("a value comes back, is replaced and deleted")
    func roundTrip() throws {
        try environment.set([1], [9, 8], table)
        #expect(try environment.get([1], table) == [9, 8])
        try environment.set([1], [], table)
        #expect(try environment.get([1], table) == [])
        #expect(try environment.get([2], table) == nil)
        let deleted = try environment.write { transaction throws(StorageError) in
            (try transaction.delete([1], in: table), try transaction.delete([1], in: table))
        }
        #expect(deleted.0)
        #expect(!deleted.1)
        #expect(try environment.get([1], table) == nil)
    }

    @Test("a value larger than a page survives a reopen")
    func largeValue() throws {
        let large = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try environment.set([7], large, table)
        try environment.sync()
        try environment.close()
        let again = try scratch.open()
        let table = try again.table("t", create: false)
        #expect(try again.get([7], table) == large)
    }

    @Test("keys come in byte order both ways, so big-endian numbers come in numeric order")
    func order() throws {
        let numbers: [UInt64] = [3, 256, 1, 65_536, 255, 0, .max]
        for number in numbers { try environment.set(bigEndian(number), [], table) }
        let sorted = numbers.sorted().map(bigEndian)
        #expect(try environment.allKeys(table) == sorted)
        #expect(try environment.allKeys(table, backwards: true) == sorted.reversed())
    }

    @Test("seeking finds the key or its successor, and says when there is none")
    func seek() throws {
        for key: UInt8 in [10, 20, 30] { try environment.set([key], [key], table) }
        let seen = try environment.read { transaction throws(StorageError) in
            try transaction.withCursor(in: table) { cursor throws(StorageError) in
                var seen: [UInt8?] = []
                for key: UInt8 in [0, 10, 11, 30, 31] {
                    let found = try cursor.seek(toFirstAtOrAfter: [key])
                    seen.append(found ? bytes(cursor.value)[0] : nil)
                }
                let exact = try cursor.seek(exactly: [20])
                seen.append(exact ? bytes(cursor.key)[0] : nil)
                seen.append(try cursor.seek(exactly: [21]) ? 1 : nil)
                return seen
            }
        }
        #expect(seen == [10, 10, 20, 30, nil, 20, nil])
    }

    @Test("a prefix is found only where a key starts with it")
    func prefix() throws {
        for key: [UInt8] in [[1, 9], [2, 1], [2, 2], [3]] { try environment.set(key, [], table) }
        let found = try environment.read { transaction throws(StorageError) in
            try transaction.withCursor(in: table) { cursor throws(StorageError) in
                let prefix: [UInt8] = [2]
                var count = 0
                var more = try cursor.seek(toPrefix: prefix.span.rawBytes)
                while more {
                    count += 1
                    more = try cursor.next() && cursor.keyHasPrefix(prefix.span.rawBytes)
                }
                return count
            }
        }
        #expect(found == 2)
    }

    @Test("append refuses a key out of order and noOverwrite an existing one")
    func flags() throws {
        try environment.write { transaction throws(StorageError) in
            for number: UInt64 in 0..<1_000 {
                try transaction.put([1], for: bigEndian(number), in: table, options: .append)
            }
        }
        #expect(try environment.count(table) == 1_000)
        for options: WriteTransaction.PutOptions in [.append, .noOverwrite] {
            let failure = code { () throws(StorageError) in
                try environment.write { transaction throws(StorageError) in
                    try transaction.put([2], for: bigEndian(5), in: table, options: options)
                }
            }
            #expect(failure == .keyExists)
        }
        #expect(try environment.get(bigEndian(5), table) == [1])
    }

    @Test("reserved bytes are written in place")
    func reserve() throws {
        try environment.write { transaction throws(StorageError) in
            let key: [UInt8] = [4]
            try transaction.reserve(6, for: key.span.rawBytes, in: table) { output in
                for byte: UInt8 in 1...6 { output.append(byte) }
            }
        }
        #expect(try environment.get([4], table) == [1, 2, 3, 4, 5, 6])
    }

    @Test("a body that throws leaves nothing behind and keeps its own error type")
    func abort() throws {
        enum Refusal: StorageFailure, Equatable {
            case storage(StorageError)
            case mine
            init(_ error: StorageError) { self = .storage(error) }
        }
        #expect(throws: Refusal.mine) {
            try environment.write { transaction throws(Refusal) in
                do throws(StorageError) {
                    try transaction.put([1], for: [1], in: table)
                } catch {
                    throw Refusal(error)
                }
                throw .mine
            }
        }
        #expect(try environment.get([1], table) == nil)
        #expect(throws: Refusal.mine) {
            try environment.read { _ throws(Refusal) in throw .mine }
        }
        #expect(environment.info.activeReaders == 0)
    }

    @Test("a cursor deletes while it walks")
    func cursorDelete() throws {
        for key: UInt8 in 0..<100 { try environment.set([key], [key], table) }
        try environment.write { transaction throws(StorageError) in
            try transaction.withCursor(in: table) { cursor throws(StorageError) in
                while try cursor.next() {
                    if bytes(cursor.key)[0] % 2 == 1 { try cursor.deleteCurrent() }
                }
            }
        }
        let left = try environment.allKeys(table).map { $0[0] }
        #expect(left == Array(stride(from: 0, to: 100, by: 2)))
    }

    @Test("clearing empties a table, dropping removes it")
    func clearAndDrop() throws {
        try environment.set([1], [1], table)
        try environment.write { transaction throws(StorageError) in try transaction.clear(table) }
        #expect(try environment.count(table) == 0)
        try environment.dropTable("t")
        try environment.dropTable("never there")
        let failure = code { () throws(StorageError) in
            _ = try environment.table("t", create: false)
        }
        #expect(failure == .notFound)
        let anew = try environment.table("t", create: true)
        #expect(try environment.count(anew) == 0)
    }

    @Test("a reader keeps its snapshot while a writer commits")
    func isolation() async throws {
        try environment.set([1], [1], table)
        let writer = WriterThread(name: "test-writer")
        let (environment, table) = (environment, table)
        let during = try environment.readThenHop(table, writer)
        #expect(during.before == [1])
        #expect(during.after == [1])
        #expect(try environment.get([1], table) == [2])
        Self.stop(writer)
    }

    private static func stop(_ writer: WriterThread) {
        writer.shutdown()
    }

    @Test("keys that are empty or too long are refused, also by a lookup")
    func badKeys() throws {
        for key in [[], [UInt8](repeating: 1, count: Limits.maxKeyBytes + 1)] {
            let put = code { () throws(StorageError) in try environment.set(key, [], table) }
            let get = code { () throws(StorageError) in _ = try environment.get(key, table) }
            #expect(put == .badValueSize)
            #expect(get == .badValueSize || get == nil)
        }
    }
}

extension Environment {
    /// Reads key 1, lets `writer` commit a 2 there while the read stays open, and reads it again.
    fileprivate func readThenHop(
        _ table: Table, _ writer: WriterThread
    ) throws(StorageError) -> (before: [UInt8]?, after: [UInt8]?) {
        let committed = Signal()
        return try read { transaction throws(StorageError) in
            let before = try self.one(transaction, table)
            Task(executorPreference: writer) {
                self.commitTwo(table)
                committed.raise()
            }
            committed.wait()
            let after = try self.one(transaction, table)
            return (before, after)
        }
    }

    private func one(
        _ transaction: borrowing ReadTransaction, _ table: Table
    ) throws(StorageError) -> [UInt8]? {
        guard let found = try transaction.value(for: [1], in: table) else { return nil }
        return bytes(found)
    }

    private func commitTwo(_ table: Table) {
        try? set([1], [2], table)
    }
}

/// Lets one thread wait for another.
final class Signal: Sendable {
    private let monitor = Monitor()
    // SAFETY: touched under the lock only.
    private nonisolated(unsafe) var isRaised = false

    func raise() {
        monitor.lock()
        unsafe isRaised = true
        monitor.wakeAll()
        monitor.unlock()
    }

    func wait() {
        monitor.lock()
        while unsafe !isRaised { monitor.wait() }
        monitor.unlock()
    }
}
