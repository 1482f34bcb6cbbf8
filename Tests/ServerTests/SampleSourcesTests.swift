import Synchronization
import TestSupport
import Testing

@testable import Server

@Suite("The sources of a server that was started with nothing")
struct SampleSourcesTests {
    private static let missing = "/nowhere/sources.yaml"

    /// The path that is chosen among one place, and what is said about it.
    private func choose(
        _ environment: [String: String], place: String = ServerFiles.sampleSources
    ) throws -> (path: String, notes: [String]) {
        let reader = ConfigurationReader(flags: [:], environment: environment)
        var notes: [String] = []
        let path = try SampleSources.path(
            reader, try DatabaseChoice.read(reader), among: [Self.missing, place]
        ) { notes.append("\($0): \($1)") }
        return (path, notes)
    }

    @Test("are the samples on the embedded store, and the log says so")
    func samples() throws {
        let (path, notes) = try choose([:])
        #expect(path == ServerFiles.sampleSources)
        let note = try #require(notes.first)
        #expect(note.hasPrefix("CATALOG_SOURCES: ") && note.contains(path))
    }

    @Test("are never the samples where a file or a database is named")
    func named() throws {
        let own = try choose(["CATALOG_SOURCES": Self.missing])
        #expect(own.path == Self.missing && own.notes.isEmpty)
        let postgres = try choose(["DATABASE_DSN": "host=/nowhere"])
        #expect(postgres.path == Setting.sources.standard && postgres.notes.isEmpty)
    }

    @Test("are the standard file where there are no samples either")
    func none() throws {
        let (path, notes) = try choose([:], place: Self.missing)
        #expect(path == Setting.sources.standard && notes.isEmpty)
    }
}
