/// How much the caches of one process may take together.
package struct CacheBudget: Sendable, Hashable {
    /// Namespaces that are open at once, at most `ReadLimits.maxOpenNamespaces`.
    package let maxNamespaces: Int
    /// Bytes that their pages take; 0 sets no limit.
    package let maxBytes: Int
    /// Bytes of rendered pages, in memory; 0 keeps none.
    package let pageBytes: Int

    package init(
        maxNamespaces: Int = ReadLimits.standardOpenNamespaces, maxBytes: Int = 0,
        pageBytes: Int = ReadLimits.standardPageBytes
    ) {
        precondition(maxNamespaces > 0 && maxBytes >= 0, "a budget is not negative")
        precondition(pageBytes >= 0, "a budget is not negative")
        self.pageBytes = pageBytes
        self.maxNamespaces = min(maxNamespaces, ReadLimits.maxOpenNamespaces)
        self.maxBytes = maxBytes
    }
}
