import Glibc
import Testing

@testable import LMDB

@Suite("The reader table on disk")
struct ReaderTableTests {
    @Test("has all its blocks before the library maps it", arguments: [1, 16, 126, 1_000])
    func reserved(readers: Int) throws {
        let scratch = try Scratch()
        let environment = try scratch.open(maxReaders: readers)
        var facts = stat()
        #expect(unsafe stat(scratch.path + "/lock.mdb", &facts) == 0)
        #expect(facts.st_size >= readers * 64)
        #expect(facts.st_blocks * 512 >= facts.st_size)
        #expect(environment.options.maxReaders == readers)
        try environment.close()
    }

    @Test("the limit of open files is raised as far as the system allows")
    func openFiles() {
        let limit = OpenFileLimit.raise()
        #expect(limit >= 1_024)
        #expect(OpenFileLimit.raise() == limit)
    }
}
