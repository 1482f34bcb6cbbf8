/// The sources of a collection, found by one look-up in the index for each, not by all its entities.
///
/// The feed reads by a walk of the same form (`PostgresFeed.namedRows`); it is not this one, because
/// the feed and the commands share no target that knows the tables.
enum CollectionSources {
    /// Begins a statement: `sources` holds the names in `source`, in their order, and a null behind them.
    ///
    /// Namespace, plugin and kind are the parameters `$1`, `$2` and `$3`.
    static let walk = """
        WITH RECURSIVE sources AS (
            SELECT min(e.source) AS source FROM entities e
            WHERE e.namespace = $1 AND e.plugin = $2 AND e.kind = $3
            UNION ALL
            SELECT (
                SELECT min(e.source) FROM entities e
                WHERE e.namespace = $1 AND e.plugin = $2 AND e.kind = $3 AND e.source > s.source)
            FROM sources s WHERE s.source IS NOT NULL
        )
        """
}
