package import CatalogModel
import LMDB

/// Where a cache is and what its collections add up to, as of one revision.
package struct CacheContents: Hashable, Sendable {
    package let epoch: Epoch
    package let revision: Revision
    /// The collections that answer reads.
    package let collections: [CollectionHead]
}

extension NamespaceCache {
    /// What the cache says of itself, in one snapshot; nil while it answers nothing.
    ///
    /// Reads a header and a state for each kind, no records: `verify()` says whether these are right.
    package func contents() throws(ReadError) -> CacheContents? {
        guard !isSuspended else { return nil }
        return try environment.read(throwing: ReadError.self) { transaction throws(ReadError) in
            guard let header = try self.header(in: transaction) else { return nil }
            var collections: [CollectionHead] = []
            for kind in self.kinds.entries {
                guard let state = try self.state(of: kind, in: transaction),
                    state.phase == .loaded
                else { continue }
                collections.append(
                    CollectionHead(
                        plugin: kind.plugin.name, kind: kind.kind.kind, revision: state.revision,
                        digest: state.digest, entityCount: state.entityCount))
            }
            return CacheContents(
                epoch: header.epoch, revision: header.revision, collections: collections)
        }
    }
}
