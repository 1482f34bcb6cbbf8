import CatalogModel
import ReadPath
import Sockets
import Telemetry

/// What an event loop keeps of one namespace.
final class LaneNamespace {
    let namespace: Namespace
    let reader: HitReader
    let hits: Counter
    private let name: [UInt8]
    private var stampedSnapshot = -1
    private var renderedStamp: [UInt8] = []

    fileprivate init(cache: NamespaceCache, metrics: NamespaceMetrics) {
        namespace = cache.namespace
        name = Array(cache.namespace.name.utf8)
        reader = HitReader(cache: cache)
        hits = metrics.hits
    }

    fileprivate func isNamed(_ other: Span<UInt8>) -> Bool {
        guard name.count == other.count else { return false }
        for index in name.indices where name[index] != other[index] { return false }
        return true
    }

    /// Writes the header fields that name the state of the snapshot that was just read, and how many
    /// nanoseconds old it may be.
    func stamp(_ output: inout SendBuffer, age: Int64) {
        if stampedSnapshot != reader.snapshotID {
            stampedSnapshot = reader.snapshotID
            renderedStamp = LaneHead.stamp(revision: reader.revision, epoch: reader.epoch)
        }
        output.append(renderedStamp)
        output.append(decimal: UInt64((age + 999_999) / 1_000_000))
    }
}

/// The namespaces that an event loop has read from, found by the bytes of their names.
///
/// Several places for each hash, so that namespaces seldom have to take the place of others, which
/// costs an allocation each time. What was closed is looked up anew, so that a namespace that comes
/// back is found.
struct LaneDirectory: ~Copyable {
    private let caches: CacheDirectory
    private let metrics: NamespaceMetricsFamily
    private var places: [LaneNamespace?]
    /// Which of the places of a hash is taken next when all are.
    private var next = 0
    private let defaultName = Array(Namespace.default.name.utf8)

    init(caches: CacheDirectory, metrics: NamespaceMetricsFamily) {
        self.caches = caches
        self.metrics = metrics
        places = Array(repeating: nil, count: LaneLimits.namespaces)
    }

    /// The namespace of single-tenant servers, or nil while it has no cache.
    mutating func standard() -> LaneNamespace? {
        let name = defaultName
        return self[name.span]
    }

    /// The namespace of a name, or nil where there is no cache that answers.
    subscript(name: Span<UInt8>) -> LaneNamespace? {
        mutating get {
            let ways = LaneLimits.namespacesOfHash
            let first = Int(hash(name) % UInt64(LaneLimits.namespaces / ways)) * ways
            var free: Int?
            for place in first..<(first + ways) {
                guard let known = places[place], known.reader.isOpen else {
                    free = free ?? place
                    continue
                }
                if known.isNamed(name) { return known }
            }
            guard let found = lookUp(name) else { return nil }
            places[free ?? first + next] = found
            next = (next + 1) % ways
            return found
        }
    }

    private func lookUp(_ name: Span<UInt8>) -> LaneNamespace? {
        var bytes: [UInt8] = []
        bytes.append(allOf: name)
        guard let namespace = try? Namespace(String(decoding: bytes, as: UTF8.self)),
            let cache = caches[namespace]
        else { return nil }
        return LaneNamespace(
            cache: cache, metrics: cache.metrics ?? metrics.metrics(for: namespace.name))
    }

    /// FNV-1a, folded once more so that the low bits depend on all of them.
    private func hash(_ name: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in name.indices {
            hash = (hash ^ UInt64(name[index])) &* 0x100_0000_01B3
        }
        return hash ^ hash >> 32
    }
}

extension [UInt8] {
    /// Appends the bytes of a span.
    mutating func append(allOf span: Span<UInt8>) {
        append(addingCapacity: span.count) { output in
            for index in span.indices { output.append(span[index]) }
        }
    }
}
