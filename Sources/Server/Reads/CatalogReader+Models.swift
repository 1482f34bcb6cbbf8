import CatalogModel
import Crypto
import Invalidation
import ReadPath
import Synchronization

/// Reads that only catalogs of models have, kept to the same promises as gets and lists.
extension CatalogReader {
    /// A page of the artifacts of one model; the body is nil when there is no such model.
    ///
    /// The tag is the model's, as nothing else decides about its artifacts.
    func artifacts(
        _ query: ArtifactQuery, of kind: KindTable.Entry, in namespace: Namespace,
        _ demand: ReadDemand
    ) async throws -> ReadAnswer {
        let precedence = sources.precedence
        func content(_ content: ReadContent, _ model: EntityAnswer?) throws -> ReadContent {
            var content = content
            content.body = try model.map { try query.rendered($0.artifacts) }
            content.tag = model.map { EntityTag(revision: $0.revision, digest: $0.digest) }
            return content
        }
        let subject = Target(kind: kind, namespace: namespace, demand: demand)
        return try await answer(subject) { cache in
            let read = try cache.entity(
                named: query.model, source: query.source, of: kind, precedence: precedence,
                withArtifacts: true)
            guard case .hit(let model, let stamp) = read else { return nil }
            return try content(ReadContent(stamp), model)
        } fromStore: {
            let (snapshot, rows) = try await store.entities(
                named: query.model, of: Self.name(of: kind), in: namespace)
            let model = try RowGet.answer(
                named: query.model, source: query.source, of: kind, precedence: precedence,
                rows: rows, withArtifacts: true)
            return try content(ReadContent(snapshot), model)
        }
    }

    /// What the collection can be filtered by; in the cache rendered once for each content.
    ///
    /// Throws `.queryTooBroad` where the collection has more than `limit` entities.
    func filterOptions(
        of kind: KindTable.Entry, limit: Int, in namespace: Namespace, _ demand: ReadDemand
    ) async throws -> ReadAnswer {
        let queries = sources.sections[kind.plugin.name].namedQueries
        let salt = Self.digest(of: JSONValue.object(queries).encoded)
        func content(_ content: ReadContent, _ body: [UInt8]) -> ReadContent {
            var content = content
            content.body = body
            content.tag = EntityTag(
                revision: content.collection?.revision ?? .zero,
                digest: (content.collection?.digest ?? 0) ^ salt)
            return content
        }
        let subject = Target(kind: kind, namespace: namespace, demand: demand)
        return try await answer(subject) { cache in
            do throws(ReadError) {
                guard
                    case .hit(let page, let stamp) = try cache.filterOptions(
                        of: kind, namedQueries: queries, limit: limit)
                else { return nil }
                var content = content(ReadContent(stamp), page.body)
                content.page = page
                return content
            } catch {
                guard error.code == .tooBroad else { throw error }
                throw RequestError(
                    .queryTooBroad,
                    "filter options look at each entity, and the collection has more than "
                        + "\(limit)", details: ["limit": String(limit)])
            }
        } fromStore: {
            let options = Mutex(RowOptions(kind: kind))
            let snapshot = try await store.scan(Self.name(of: kind), in: namespace) {
                rows throws(FeedError) in
                do throws(ReadError) {
                    try options.withLock { options throws(ReadError) in try options.add(rows) }
                } catch {
                    throw FeedError(error)
                }
            }
            let body = options.withLock { $0.rendered(namedQueries: queries) }
            return content(ReadContent(snapshot), body)
        }
    }

    /// The revision that the namespace had at least when this was asked; zero where that is unknown.
    func revision(of kind: KindTable.Entry, in namespace: Namespace) async -> Revision {
        if isCacheEnabled, let cache = caches[namespace],
            case .hit(_, let stamp)? = try? cache.stamp(of: kind)
        {
            return stamp.revision
        }
        return (try? await primary.head(of: namespace))?.head?.revision ?? .zero
    }

    /// Tells bytes apart as well as the digest of a collection does.
    static func digest(of bytes: [UInt8]) -> UInt64 {
        SHA256.hash(data: bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
