import CatalogModel
import Compression
import NIOCore
import ReadPath
import Sockets

/// Discovery answers that an event loop has at hand, by the target as sent and the namespace.
///
/// They are the router's own, out of `DiscoveryCache`, and good for as long as they are there.
struct LaneDiscovery {
    /// One answer.
    struct Entry {
        fileprivate let target: [UInt8]
        fileprivate let name: [UInt8]
        let namespace: Namespace
        let kept: DiscoveryCache.Kept
        let access: HitAccess.Action
    }

    private let plugins = Array("/api/plugins".utf8)
    private let capabilities = Array("/capabilities".utf8)
    fileprivate let standard = Array(Namespace.default.name.utf8)
    private let cache: DiscoveryCache?
    private var entries: [Entry] = []
    private var next = 0

    init(cache: DiscoveryCache?) { self.cache = cache }

    /// What is done by a request with this path; nil for one that is no discovery.
    func action(_ path: Span<UInt8>) -> HitAccess.Action? {
        guard hasPrefix(path, plugins) else { return nil }
        if path.count == plugins.count { return .listPlugins }
        let end = path.count - capabilities.count
        guard end > plugins.count + 1, path[plugins.count] == UInt8(ascii: "/"),
            hasPrefix(path.extracting(end..<path.count), capabilities)
        else { return nil }
        for index in (plugins.count + 1)..<end where path[index] == UInt8(ascii: "/") {
            return nil
        }
        return .getCapabilities
    }

    /// The answer to a target in a namespace, where it is kept; allocates when it is found first.
    mutating func entry(
        for target: Span<UInt8>, in name: Span<UInt8>, _ access: HitAccess.Action
    ) -> Entry? {
        guard let cache else { return nil }
        for place in entries.indices
        where isEqual(entries[place].target, target) && isEqual(entries[place].name, name) {
            if cache.isCurrent(entries[place].kept) { return entries[place] }
            guard let fresh = lookUp(target, name, access, cache) else { return nil }
            entries[place] = fresh
            return fresh
        }
        guard let entry = lookUp(target, name, access, cache) else { return nil }
        if entries.count < LaneLimits.discoveries {
            entries.append(entry)
        } else {
            entries[next] = entry
            next = (next + 1) % LaneLimits.discoveries
        }
        return entry
    }

    private func lookUp(
        _ target: Span<UInt8>, _ name: Span<UInt8>, _ access: HitAccess.Action,
        _ cache: DiscoveryCache
    ) -> Entry? {
        var (targetBytes, nameBytes): ([UInt8], [UInt8]) = ([], [])
        targetBytes.append(allOf: target)
        nameBytes.append(allOf: name)
        guard let namespace = try? Namespace(String(decoding: nameBytes, as: UTF8.self)),
            let kept = cache.kept(
                for: DiscoveryHandler.key(
                    namespace, path: String(decoding: targetBytes, as: UTF8.self)))
        else { return nil }
        return Entry(
            target: targetBytes, name: nameBytes, namespace: namespace, kept: kept, access: access)
    }

    private func isEqual(_ left: [UInt8], _ right: Span<UInt8>) -> Bool {
        left.count == right.count && hasPrefix(right, left)
    }

    private func hasPrefix(_ bytes: Span<UInt8>, _ text: [UInt8]) -> Bool {
        guard bytes.count >= text.count else { return false }
        for index in text.indices where bytes[index] != text[index] { return false }
        return true
    }
}

extension LaneCore {
    /// Answers a request for discovery; false when the router has to.
    mutating func sendDiscovery(
        _ request: LaneRequest, _ bytes: Span<UInt8>, _ action: HitAccess.Action, began: Int64
    ) -> Bool {
        var name = 0..<0
        if lane.tenancy == .namespace {
            guard let named = lane.routes.namespace(of: request, in: bytes), !named.isEmpty else {
                return false
            }
            name = named
        }
        let standard = discovery.standard
        guard
            let entry = discovery.entry(
                for: bytes.extracting(request.target),
                in: name.isEmpty ? standard.span : bytes.extracting(name), action),
            lane.access.isAllowed(
                user: bytes.extracting(request.user), groups: bytes.extracting(request.groups),
                action: action, kind: nil, namespace: entry.namespace) == true
        else { return false }
        prepare(request, bytes, now: began)
        guard let sent = write(entry.kept.answer, request, bytes) else { return false }
        record(sent, request, bytes, lane.discoveries, entry.namespace, began: began)
        return true
    }

    private mutating func write(
        _ answer: RenderedAnswer, _ request: LaneRequest, _ bytes: Span<UInt8>
    ) -> Sent? {
        if !request.ifNoneMatch.isEmpty {
            let condition = bytes.extracting(request.ifNoneMatch)
            guard let known = answer.coding(ofTag: condition) else { return nil }
            head.begin(head.discovery, isKnown: true, &output)
            output.append(answer.tagBytes(of: known))
            finishHead(request, bytes)
            return Sent(status: 304, bodyBytes: 0, now: Self.now)
        }
        let choice = codings.choice(bytes.extracting(request.acceptEncoding))
        let served = answer.served
        guard
            let (coding, form) = (served.isWorthCompressing ? choice.large : choice.small)
                .flatMap({ served.ready($0, orPlain: choice.acceptsPlain) })
        else { return nil }
        head.begin(head.discovery, isKnown: false, &output)
        output.append(answer.tagBytes(of: coding))
        finish(request, bytes, with: form, in: coding)
        return Sent(status: 200, bodyBytes: form.readableBytes, now: Self.now)
    }
}
