import CatalogModel
import Foundation
import ReadPath
import Telemetry
import Testing

@testable import Server

@Suite("The namespaces that a loop has at hand")
struct LaneDirectoryTests {
    private let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("lane-directory-\(UUID().uuidString)").path
    private let caches: CacheDirectory

    init() { caches = CacheDirectory(path: path, kinds: LaneFixture.kinds, bootID: "boot") }

    private func open(_ name: String) throws {
        _ = try caches.create(
            at: NamespaceHead(
                namespace: Namespace(name), epoch: Epoch("7d3c8f8e-0b53-4f5e-9a35-5f8b5a3f9a11"),
                revision: Revision(1), digest: 0))
    }

    private func found(_ name: String, _ directory: inout LaneDirectory) -> LaneNamespace? {
        let bytes = Array(name.utf8)
        return directory[bytes.span]
    }

    @Test("hundreds stay beside each other, and a name without a cache takes nobody's place")
    func many() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let names = (0..<300).map { "team-\($0)" }
        for name in names { try open(name) }
        var directory = LaneDirectory(
            caches: caches, metrics: NamespaceMetricsFamily(registry: MetricsRegistry()))
        let first = try names.map { try #require(found($0, &directory)) }
        for number in 0..<1_000 { #expect(found("nobody-\(number)", &directory) == nil) }
        #expect(first.map(\.namespace.name) == names)
        let lookedUpAgain = zip(names, first).filter { found($0, &directory) !== $1 }.map(\.0)
        #expect(lookedUpAgain == [])
    }

    @Test("one that was dropped is not found, and found anew when it comes back")
    func comesBack() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try open("team")
        var directory = LaneDirectory(
            caches: caches, metrics: NamespaceMetricsFamily(registry: MetricsRegistry()))
        let before = try #require(found("team", &directory))
        try caches.discard(Namespace("team"))
        #expect(found("team", &directory) == nil)
        try open("team")
        let after = try #require(found("team", &directory))
        #expect(after !== before && after.reader.isOpen)
    }
}
