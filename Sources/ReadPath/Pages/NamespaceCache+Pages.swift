import CatalogModel
import LMDB

extension NamespaceCache {
    /// The state of a collection as a read would see it now; two look-ups in one read transaction.
    package func stamp(of kind: KindTable.Entry) throws(ReadError) -> CacheRead<CacheStamp> {
        try answering { () throws(ReadError) in
            try self.environment.read(throwing: ReadError.self) { transaction throws(ReadError) in
                guard let stamp = try self.stamp(of: kind, in: transaction)?.stamp else {
                    return .cold
                }
                return .hit(stamp, stamp)
            }
        }
    }

    /// One page of a list, rendered: the kept one if the collection has not changed since.
    ///
    /// A `target`, the path and query as sent, is remembered for `renderedPage(forTarget:)`; leave
    /// it out where its meaning can change. Throws as `list` does.
    package func renderedPage(
        _ query: ListQuery, target: [UInt8]? = nil
    ) throws(ReadError) -> CacheRead<RenderedPage> {
        let key = query.pageKey
        guard case .hit(_, let stamp) = try stamp(of: query.kind) else { return .cold }
        if let page = pages.page(for: key, stamp: PageStamp(stamp)) {
            if let target { pages.remember(target: target, for: page) }
            return .hit(page, stamp)
        }
        guard case .hit(let list, let found) = try list(query) else { return .cold }
        let body = list.rendered(
            pageSize: query.pageSize, convention: query.kind.kind.convention)
        let page = RenderedPage(
            key: key, kind: query.kind, stamp: PageStamp(found), body: body)
        pages.keep(page)
        if let target { pages.remember(target: target, for: page) }
        return .hit(page, found)
    }

    /// The page that a target led to before, if the collection has not changed since; else cold.
    ///
    /// For callers that cannot wait: costs a look-up and the reading of a stamp, as much as a get.
    /// Who asks has been let in before.
    package func renderedPage(
        forTarget target: borrowing Span<UInt8>
    ) throws(ReadError) -> CacheRead<RenderedPage> {
        guard let page = pages.page(forTarget: target),
            case .hit(_, let stamp) = try stamp(of: page.kind), PageStamp(stamp) == page.stamp
        else { return .cold }
        return .hit(page, stamp)
    }
}
