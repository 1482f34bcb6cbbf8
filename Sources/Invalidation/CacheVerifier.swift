package import CatalogModel

/// Checks files that an earlier process left, before they are opened for serving.
///
/// A damaged page can crash the process that reads it, so the check runs in another one.
package protocol CacheVerifier: Sendable {
    /// The namespaces among those asked whose files hold what was written, byte for byte.
    func intact(_ namespaces: [Namespace]) async -> Set<Namespace>
}
