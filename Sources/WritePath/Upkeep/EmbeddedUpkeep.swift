/// The upkeep of the embedded store in statements, where Postgres has functions.
///
/// The rules are those of `SQL/0006_replicas_and_upkeep.sql` and `SQL/0014_lineage.sql`.
enum EmbeddedUpkeep {
    /// Parameters: the revisions that are kept, and the greatest age in milliseconds.
    static let trimmable = """
        SELECT n.name FROM namespaces n
        WHERE (n.revision - 1 > n.floor AND (
                n.revision - n.floor > $1
                OR (SELECT r.committed_at FROM revisions r
                    WHERE r.namespace = n.name AND r.revision > n.floor ORDER BY r.revision LIMIT 1)
                    < clock_timestamp() - $2::bigint * interval '1 millisecond'))
            OR EXISTS (SELECT 1 FROM revision_changes c WHERE c.namespace = n.name AND c.revision <= n.floor)
            OR EXISTS (SELECT 1 FROM revisions r WHERE r.namespace = n.name AND r.revision <= n.floor)
        ORDER BY n.name
        """

    // MARK: Trimming: name, revisions at most, age at most, revisions kept, age kept, batch

    static let measureTrim = """
        SELECT keep('head', n.revision), keep('floor', n.floor) FROM namespaces n WHERE n.name = $1
        """
    /// Who is in a history that this one does not go on from rebuilds and needs nothing of it.
    static let acknowledged = """
        SELECT keep('acknowledged', least(COALESCE((
            SELECT min(p.revision) FROM replica_positions p
            JOIN replicas r ON r.id = p.replica JOIN namespaces n ON n.name = p.namespace
            WHERE p.namespace = $1 AND r.lease_until > clock_timestamp()
                AND (p.epoch = n.epoch OR instr(n.lineage, ' ' || p.epoch || ':') > 0)),
            kept('head')), kept('head') - $4))
        """
    static let newFloor = """
        SELECT keep('new_floor', greatest(COALESCE((
            SELECT max(c.revision) FROM (
                SELECT r.revision, r.committed_at FROM revisions r
                WHERE r.namespace = $1 AND r.revision > kept('floor') AND r.revision < kept('head')
                ORDER BY r.revision LIMIT $6
            ) c
            WHERE c.revision <= kept('head') - $2
                OR c.committed_at < clock_timestamp() - $3::bigint * interval '1 millisecond'
                OR (c.revision <= kept('acknowledged')
                    AND c.committed_at < clock_timestamp() - $5::bigint * interval '1 millisecond')),
            0), kept('floor')))
        """
    static let trimChanges = """
        DELETE FROM revision_changes WHERE (namespace, revision, plugin, kind, source, name) IN (
            SELECT x.namespace, x.revision, x.plugin, x.kind, x.source, x.name
            FROM revision_changes x WHERE x.namespace = $1 AND x.revision <= kept('new_floor')
            ORDER BY x.revision LIMIT $6)
        """
    static let trimRevisions = """
        DELETE FROM revisions WHERE namespace = $1 AND revision IN (
            SELECT x.revision FROM revisions x
            WHERE x.namespace = $1 AND x.revision <= kept('new_floor')
            ORDER BY x.revision LIMIT max(0, $6 - kept('removed')))
        """

    // MARK: Repairing digests; parameter: the name

    private static let rowDigest =
        "catalog_entity_digest(e.plugin, e.kind, e.source, e.name, e.version, e.doc)"

    /// Notes whether the rows of the namespace are other ones than its digests speak of.
    static let judgeDigests = """
        WITH seen AS MATERIALIZED (
            SELECT e.plugin, e.kind, bit_xor(\(rowDigest)) AS digest, count(*) AS entity_count,
                min(e.digest = \(rowDigest)) AS is_stamped, max(e.revision) AS revision
            FROM entities e WHERE e.namespace = $1 GROUP BY e.plugin, e.kind
        ), known AS MATERIALIZED (
            SELECT c.plugin, c.kind, c.digest, c.entity_count FROM collections c WHERE c.namespace = $1
        )
        SELECT keep('broken', NOT (
            COALESCE((SELECT min(s.is_stamped) FROM seen s), 1)
            AND COALESCE((SELECT n.digest FROM namespaces n WHERE n.name = $1), 0)
                = COALESCE((SELECT bit_xor(s.digest) FROM seen s), 0)
            AND COALESCE((SELECT max(s.revision) FROM seen s), 0)
                <= COALESCE((SELECT n.revision FROM namespaces n WHERE n.name = $1), 0)
            AND NOT EXISTS (
                SELECT 1 FROM seen s FULL JOIN known k ON k.plugin = s.plugin AND k.kind = s.kind
                WHERE COALESCE(s.digest, 0) <> COALESCE(k.digest, 0)
                    OR COALESCE(s.entity_count, 0) <> COALESCE(k.entity_count, 0))))
        """
    static let raiseRevision = """
        UPDATE namespaces SET revision = greatest(revision, (
            SELECT max(e.revision) FROM entities e WHERE e.namespace = $1))
        WHERE name = $1 AND kept('broken')
        """
    /// A stamp that is wrong would make the next change of its row wrong too; the triggers put it right.
    static let stampRows = """
        UPDATE entities AS e SET doc = e.doc
        WHERE e.namespace = $1 AND kept('broken') AND e.digest <> \(rowDigest)
        """
    static let forgetCollections = """
        UPDATE collections SET digest = 0, entity_count = 0,
            revision = (SELECT n.revision FROM namespaces n WHERE n.name = $1)
        WHERE namespace = $1 AND kept('broken')
        """
    static let countCollections = """
        INSERT INTO collections (namespace, plugin, kind, revision, digest, entity_count)
        SELECT $1, e.plugin, e.kind, (SELECT n.revision FROM namespaces n WHERE n.name = $1),
            bit_xor(e.digest), count(*)
        FROM entities e WHERE e.namespace = $1 AND kept('broken') GROUP BY e.plugin, e.kind
        ON CONFLICT (namespace, plugin, kind) DO UPDATE
        SET digest = excluded.digest, entity_count = excluded.entity_count
        """
    static let repairHead = """
        UPDATE namespaces SET epoch = gen_random_uuid(), floor = revision, digest = COALESCE((
            SELECT bit_xor(c.digest) FROM collections c WHERE c.namespace = $1), 0)
        WHERE name = $1 AND kept('broken')
        """
    static let repairLog = """
        UPDATE revisions SET digest = (SELECT n.digest FROM namespaces n WHERE n.name = $1)
        WHERE namespace = $1 AND kept('broken')
            AND revision = (SELECT n.revision FROM namespaces n WHERE n.name = $1)
        """
}
