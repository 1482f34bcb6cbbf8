import CatalogModel
import Foundation
import LMDB
import Testing

@testable import ReadPath

/// What the environment says about a run of the tests.
enum TestSettings {
    /// Whether counts are as large as they mean something, whatever the time.
    static let isSlow = ProcessInfo.processInfo.environment["CATALOG_SLOW"] == "1"
}

/// A directory of its own, removed with the value.
final class Scratch: Sendable {
    let path: String

    init() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("read-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// A store with a cache that follows it.
final class CacheHarness {
    static let kinds = KindTable(plugins: Plugins.all)

    let scratch: Scratch
    let cache: NamespaceCache
    var store = FakeStore()

    init() throws {
        scratch = try Scratch()
        cache = try NamespaceCache(
            namespace: .default, path: scratch.path + "/default", kinds: Self.kinds, bootID: "boot")
        try cache.reset(to: store.head)
    }

    /// Copies a collection in slices and lets it answer.
    func load(_ kind: KindTable.Entry, slice: Int = 100) throws {
        try cache.beginCopy(of: kind)
        var rest = store.rows(of: kind)[...]
        while !rest.isEmpty {
            try cache.copy(Array(rest.prefix(slice)), of: kind)
            rest = rest.dropFirst(slice)
        }
        let failed = try follow(installing: [kind.number])
        #expect(failed.isEmpty)
    }

    /// Applies what the store has and the cache has not.
    @discardableResult
    func follow(installing: [UInt16] = []) throws -> [UInt16] {
        let after = try #require(try cache.header()).revision
        return try cache.apply(store.batch(after: after, Self.kinds), installing: installing)
    }

    func query(
        _ kind: KindTable.Entry, _ parameters: [String: String] = [:], sources: Set<String>? = nil
    ) throws -> ListQuery {
        try ListQuery(
            kind: kind, namespace: .default, parameters: Self.parameters(parameters),
            sources: sources)
    }

    /// One page, and the names on it, by the cache.
    func page(
        _ kind: KindTable.Entry, _ parameters: [String: String] = [:], sources: Set<String>? = nil
    ) throws -> ListPage {
        let query = try query(kind, parameters, sources: sources)
        guard case .hit(let page, _) = try cache.list(query) else {
            throw ReadError(.storage, "the collection is cold")
        }
        return page
    }

    func names(
        _ kind: KindTable.Entry, _ parameters: [String: String] = [:], sources: Set<String>? = nil
    ) throws -> [String] {
        try page(kind, parameters, sources: sources).bodies.map(Self.name)
    }

    /// All pages of a list, each with its names; `between` runs after every page.
    func walk(
        _ kind: KindTable.Entry, _ parameters: [String: String],
        between: () throws -> Void = {}
    ) throws -> [[String]] {
        var pages: [[String]] = []
        var parameters = parameters
        while true {
            let page = try page(kind, parameters)
            pages.append(page.bodies.map(Self.name))
            guard let token = page.nextToken else { return pages }
            // A walk that repeats itself has no end.
            try #require(pages.count < 500)
            parameters[kind.kind.convention.tokenParameters[0]] = token
            try between()
        }
    }

    func get(
        _ name: String, source: String? = nil, of kind: KindTable.Entry,
        precedence: SourcePrecedence = SourcePrecedence()
    ) throws -> CacheRead<EntityAnswer?> {
        try cache.entity(named: name, source: source, of: kind, precedence: precedence)
    }

    /// The source of the entity that answers, nil for absence; fails for a cold collection.
    func source(
        _ name: String, source: String? = nil, of kind: KindTable.Entry,
        precedence: SourcePrecedence = SourcePrecedence()
    ) throws -> String? {
        let read = try get(name, source: source, of: kind, precedence: precedence)
        guard case .hit(let answer, _) = read else {
            throw ReadError(.storage, "the collection is cold")
        }
        return answer?.source
    }

    func isCold(_ kind: KindTable.Entry) throws -> Bool {
        if case .cold = try get("any", of: kind) { return true }
        return false
    }

    static func name(_ body: [UInt8]) -> String {
        guard case .object(let object)? = try? JSONParser.parse(body) else { return "?" }
        return object["name"]?.stringValue ?? "?"
    }

    static func parameters(_ values: [String: String]) throws -> QueryParameters {
        let pairs = values.map { name, value in
            name + "=" + value.utf8.map { "%" + hex($0) }.joined()
        }
        return try QueryParameters(pairs.joined(separator: "&"))
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}

/// The kinds that the tests use.
enum Kind {
    static let agent = find("agents", "Agent")
    static let prompt = find("prompts", "PromptTemplate")
    static let mcp = find("mcp", "McpServer")
    static let model = find("model", "CatalogModel")
    static let all = CacheHarness.kinds.entries

    private static func find(_ plugin: String, _ kind: String) -> KindTable.Entry {
        guard let entry = CacheHarness.kinds.entry(plugin: plugin, kind: kind) else {
            preconditionFailure("no kind \(kind)")
        }
        return entry
    }
}

extension KindTable.Entry {
    func key(_ name: String, source: String = "s1") -> EntityKey {
        EntityKey(plugin: plugin.name, kind: kind.kind, source: source, name: name)
    }
}

/// Numbers that are the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// The code of the error that `body` throws, or nil.
func code(_ body: () throws -> Void) -> ReadError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? ReadError)?.code
    }
}
