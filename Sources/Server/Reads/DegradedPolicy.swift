package import CatalogModel

/// What namespaces promise while the feed is lost.
package struct DegradedPolicy: Sendable, Hashable {
    /// Beyond this bound an answer of the cache is labelled stale.
    package let stalenessLimit: Duration
    /// Beyond this bound none is given; nil where there is no such bound.
    package let stalenessMaximum: Duration?
    /// Whether namespaces refuse what others serve as stale.
    package let failsClosed: Bool
    /// Namespaces that refuse it in any case.
    package let failClosedNamespaces: Set<Namespace>

    /// How old an answer of the namespace may be at the most; nil for any age.
    func ageLimit(of namespace: Namespace) -> Duration? {
        if failsClosed || failClosedNamespaces.contains(namespace) { return stalenessLimit }
        return stalenessMaximum.map { max($0, stalenessLimit) }
    }
}
