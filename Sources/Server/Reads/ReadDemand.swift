import CatalogModel
import HTTPTypes
import Hummingbird

/// How fresh an answer has to be, as one request says it.
struct ReadDemand: Sendable, Hashable {
    /// Everything that was committed before the request arrived has to be seen.
    var isStrong = false
    /// The client wants the store's answer, not the cache's.
    var bypassesCache = false
    /// The least revision that the answer may show.
    var minimum = Revision.zero
    /// Nothing but `If-None-Match` asks for a revision.
    ///
    /// The tag of a lost history then costs a full answer and no refusal: a cache that revalidates
    /// by itself could not drop the tag, and its client would never get past the refusal.
    var isRevalidation = false
    /// The history that the answer must belong to; nil for whatever there is.
    var epoch: Epoch?
    /// How old an answer of the cache may be; nil leaves it to the namespace's policy.
    var maxAge: Duration?
    /// How much older than that it may still be.
    var grace = Grace.none

    /// What `max-stale` adds.
    enum Grace: Sendable, Hashable {
        case none
        case atMost(Duration)
        case unlimited
    }

    /// No demands.
    init() {}

    /// Reads the headers of a request; throws `.badRequest` for values that cannot be meant.
    init(_ headers: HTTPFields) throws(RequestError) {
        switch headers[.consistency]?.trimmingBlanks {
        case nil, "eventual": break
        case "strong": isStrong = true
        default: throw .badRequest("X-Catalog-Consistency must be \"strong\" or \"eventual\"")
        }
        if let text = headers[.minimumRevision] {
            guard let revision = Revision(text: text.trimmingBlanks) else {
                throw .badRequest("X-Catalog-Min-Revision must be a decimal number")
            }
            minimum = revision
        }
        if let text = headers[.catalogEpoch] {
            guard let epoch = Epoch(uuid: text.trimmingBlanks) else {
                throw .badRequest("X-Catalog-Epoch must be a UUID as an answer carried it")
            }
            self.epoch = epoch
        }
        // A client that has seen a tag has seen its revision.
        minimum = max(minimum, Self.newest(headers[.ifMatch]))
        let known = Self.newest(headers[.ifNoneMatch])
        isRevalidation = minimum == .zero && epoch == nil && known > .zero
        minimum = max(minimum, known)
        if let control = headers[.cacheControl] { read(cacheControl: control) }
    }

    /// The newest revision that the tags of a condition name.
    private static func newest(_ condition: String?) -> Revision {
        guard case .tags(let tags)? = condition.map({ EntityTagCondition($0) }) else {
            return .zero
        }
        return tags.map(\.revision).reduce(.zero, max)
    }

    /// The same without asking for a revision.
    var withoutMinimum: ReadDemand {
        var demand = self
        (demand.minimum, demand.isRevalidation) = (.zero, false)
        return demand
    }

    /// Whether content at a state is new enough and of the right history, or of one that goes on
    /// from there.
    func isMet(by revision: Revision, _ epoch: Epoch?, _ lineage: Lineage) -> Bool {
        guard revision >= minimum else { return false }
        guard let wanted = self.epoch, wanted != epoch else { return true }
        guard let epoch, let last = lineage.lastShared(with: wanted.text, by: epoch) else {
            return false
        }
        return minimum <= last
    }

    func isMet(by content: ReadContent) -> Bool {
        isMet(by: content.revision, content.epoch, content.lineage)
    }

    /// The same for the head of a store, nil where that does not know the namespace.
    func isMet(by head: NamespaceHead?) -> Bool {
        isMet(by: head?.revision ?? .zero, head?.epoch, head?.lineage ?? .none)
    }

    /// How old an answer of the cache may be by the client's word, or nil where it said none.
    func ageLimit(standard: Duration) -> Duration? {
        switch grace {
        case .unlimited: nil
        case .atMost(let more): (maxAge ?? standard) + more
        case .none: maxAge
        }
    }

    private mutating func read(cacheControl: String) {
        for directive in cacheControl.split(separator: ",") {
            let parts = directive.split(separator: "=", maxSplits: 1)
            let value = parts.count > 1 ? parts[1].trimmingBlanks.filter { $0 != "\"" } : nil
            switch parts.first?.trimmingBlanks.lowercased() {
            case "no-cache": bypassesCache = true
            // What cannot be read is taken for the strictest, as RFC 9111 (4.2.1) advises.
            case "max-age": maxAge = value.flatMap { Self.seconds($0) } ?? .zero
            case "max-stale":
                grace = value.map { .atMost(Self.seconds($0) ?? .zero) } ?? .unlimited
            default: break
            }
        }
    }

    private static func seconds(_ text: String) -> Duration? {
        Revision(text: text).map { .seconds(Int64(min($0.value, ServerLimits.maxAgeSeconds))) }
    }
}

extension Epoch {
    /// Reads the text form of a UUID in any case; nil for anything else.
    fileprivate init?(uuid text: String) {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12],
            groups.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isHexDigit } })
        else { return nil }
        self.init(text.lowercased())
    }
}
