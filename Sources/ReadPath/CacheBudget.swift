/// How much the caches of one process may take together.
package struct CacheBudget: Sendable, Hashable {
    /// Namespaces that are open at once, at most `ReadLimits.maxOpenNamespaces`.
    package let maxNamespaces: Int
    /// Bytes that their pages take; 0 sets no limit.
    package let maxBytes: Int

    package init(
        maxNamespaces: Int = ReadLimits.standardOpenNamespaces, maxBytes: Int = 0
    ) {
        precondition(maxNamespaces > 0 && maxBytes >= 0, "a budget is not negative")
        self.maxNamespaces = min(maxNamespaces, ReadLimits.maxOpenNamespaces)
        self.maxBytes = maxBytes
    }
}
