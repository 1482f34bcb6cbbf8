import Testing

@testable import LMDB

@Suite("Many values of one key at once")
struct ManyValuesTests {
    private let scratch: Scratch
    private let environment: Environment
    private let table: Table

    init() throws {
        scratch = try Scratch()
        environment = try scratch.open()
        table = try environment.openTables([(name: "d", hasDuplicates: true)])[0]
    }

    private func put(
        _ numbers: some Sequence<UInt64>, for key: [UInt8],
        options: WriteTransaction.PutOptions = []
    ) throws {
        let values = numbers.flatMap(bigEndian)
        try environment.write { transaction throws(StorageError) in
            try transaction.withCursor(in: table) { cursor throws(StorageError) in
                try cursor.put(
                    values.span.rawBytes, each: 8, for: key.span.rawBytes, options: options)
            }
        }
    }

    private func values(of key: [UInt8]) throws -> [UInt64] {
        try environment.read { transaction throws(StorageError) in
            try transaction.withCursor(in: table) { cursor throws(StorageError) in
                var found: [UInt64] = []
                var isThere = try cursor.seek(exactly: key.span.rawBytes)
                while isThere, bytes(cursor.key) == key {
                    found.append(bytes(cursor.value).reduce(0) { $0 << 8 | UInt64($1) })
                    isThere = try cursor.next()
                }
                return found
            }
        }
    }

    @Test("they are there, each once, in their order, from one to more than a page holds")
    func all() throws {
        for (key, count) in [(1, 1), (2, 2), (3, 40), (4, 700), (5, 100_000)] as [(UInt8, UInt64)] {
            try put((0..<count).lazy.map { 3 * $0 }, for: [key], options: .appendDuplicate)
            try put(
                (count..<(2 * count)).lazy.map { 3 * $0 }, for: [key], options: .appendDuplicate)
        }
        for (key, count) in [(1, 1), (2, 2), (3, 40), (4, 700), (5, 100_000)] as [(UInt8, UInt64)] {
            #expect(try values(of: [key]) == (0..<(2 * count)).map { 3 * $0 })
        }
    }

    @Test("without order, and with some that are there, the outcome is the same")
    func anyOrder() throws {
        var random = SystemRandomNumberGenerator()
        var expected: Set<UInt64> = []
        for count in [1, 3, 900, 20_000] {
            let numbers = (0..<count).map { _ in UInt64.random(in: 0..<30_000, using: &random) }
            try put(numbers, for: [7])
            expected.formUnion(numbers)
            #expect(try values(of: [7]) == expected.sorted())
        }
    }

    @Test("what does not follow ends an append, and the rest can be put as usual")
    func notAppended() throws {
        try put([1, 2, 3, 9], for: [1], options: .appendDuplicate)
        let second: [UInt64] = [10, 11, 5, 12]
        let values = second.flatMap(bigEndian)
        let key: [UInt8] = [1]
        let code = try environment.write { transaction throws(StorageError) in
            try transaction.withCursor(in: table) { cursor throws(StorageError) in
                var code: StorageError.Code?
                do throws(StorageError) {
                    try cursor.put(
                        values.span.rawBytes, each: 8, for: key.span.rawBytes,
                        options: .appendDuplicate)
                } catch {
                    code = error.code
                    try cursor.put(values.span.rawBytes, each: 8, for: key.span.rawBytes)
                }
                return code
            }
        }
        #expect(code == .keyExists)
        #expect(try self.values(of: [1]) == [1, 2, 3, 5, 9, 10, 11, 12])
    }
}
