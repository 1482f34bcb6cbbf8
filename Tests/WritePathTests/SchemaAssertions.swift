/// Scripts that prove the schema on a migrated database: each raises when the database does not hold what it says.
///
/// A script is one DO statement that commits inside, so it must run outside a transaction block, as the owner
/// of the schema; the ones about the replica role and the TRUNCATE of the parent want a superuser and an
/// otherwise idle database. A script works in the namespace of its name, may run again, and
/// ends with the check of `consistency`. COPY FROM STDIN needs a client and is not here.
enum SchemaAssertions {
    typealias Script = (name: String, sql: String)

    static let all: [Script] = writes + identities + partitions + bypasses

    /// Wraps a body: `ns` is the namespace, emptied before; `r0` its revision then; `n` is free for use.
    static func script(_ name: String, _ body: String) -> Script {
        let sql = """
            DO $script$
            DECLARE
                ns constant text := 'chk-\(name)';
                r0 bigint; head bigint; n bigint; note text;
            BEGIN
                DELETE FROM entities e WHERE e.namespace = ns;
                PERFORM catalog_bump(ns);
                COMMIT;
                SELECT h.revision INTO STRICT r0 FROM namespaces h WHERE h.name = ns;
            \(body)
                COMMIT;
            \(consistency)
            END
            $script$
            """
        return (name, sql)
    }

    /// The log is dense, the digests are what the rows give, and a replay of the log gives the rows.
    static let consistency = """
        SELECT h.revision INTO STRICT head FROM namespaces h WHERE h.name = ns;
        ASSERT (SELECT count(*) = head AND min(v.revision) = 1 AND max(v.revision) = head
            FROM revisions v WHERE v.namespace = ns), ns || ': the log is not dense';
        ASSERT (SELECT h.digest FROM namespaces h WHERE h.name = ns)
            = COALESCE((SELECT bit_xor(c.digest) FROM catalog_recompute_digest(ns) c), 0),
            ns || ': the digest of the head is wrong';
        ASSERT (SELECT v.digest FROM revisions v WHERE v.namespace = ns AND v.revision = head)
            = (SELECT h.digest FROM namespaces h WHERE h.name = ns),
            ns || ': the digest of the last revision is wrong';
        ASSERT NOT EXISTS (
            SELECT FROM (SELECT * FROM collections k WHERE k.namespace = ns) k
            FULL JOIN catalog_recompute_digest(ns) c USING (plugin, kind)
            WHERE COALESCE(k.digest, 0) <> COALESCE(c.digest, 0)
                OR COALESCE(k.entity_count, 0) <> COALESCE(c.entity_count, 0)
        ), ns || ': a collection is wrong';
        ASSERT NOT EXISTS (
            SELECT FROM entities e WHERE e.namespace = ns AND NOT EXISTS (
                SELECT FROM revision_changes c
                WHERE (c.namespace, c.revision, c.plugin, c.kind, c.source, c.name)
                    = (e.namespace, e.revision, e.plugin, e.kind, e.source, e.name) AND c.op = 'put')
        ), ns || ': an entity is not in the log at its revision';
        ASSERT NOT EXISTS (
            SELECT FROM (
                SELECT DISTINCT ON (plugin, kind, source, name) plugin, kind, source, name, op, revision
                FROM revision_changes WHERE namespace = ns
                ORDER BY plugin, kind, source, name, revision DESC
            ) c FULL JOIN (SELECT * FROM entities WHERE namespace = ns) e USING (plugin, kind, source, name)
            WHERE (c.op IS NOT DISTINCT FROM 'put') <> (e.id IS NOT NULL) OR c.revision > head
        ), ns || ': a replay of the log does not give the rows';
        """

    /// Plain writes: what gets a revision, how many, and what the writer may not choose.
    static let writes: [Script] = [
        script(
            "dense",
            """
            FOR i IN 1..20 LOOP
                INSERT INTO entities (namespace, plugin, kind, name, doc) VALUES (ns, 'mcp', 'McpServer',
                    'n' || i, '{}');
                COMMIT;
            END LOOP;
            UPDATE entities e SET doc = '{"x": 1}' WHERE e.namespace = ns AND e.name = 'n3';
            COMMIT;
            DELETE FROM entities e WHERE e.namespace = ns AND e.name = 'n4';
            COMMIT;
            ASSERT (SELECT h.revision FROM namespaces h WHERE h.name = ns) = r0 + 22,
                'not one revision per transaction';
            ASSERT (SELECT e.version = 2 AND e.revision = r0 + 21 AND e.updated_at > e.created_at
                FROM entities e WHERE e.namespace = ns AND e.name = 'n3'), 'the update is not stamped';
            """),
        script(
            "multi-row",
            """
            INSERT INTO entities (namespace, plugin, kind, name, doc)
            SELECT ns, p, 'K' || g % 3, 'n' || g, jsonb_build_object('g', g)
            FROM generate_series(1, 500) g, unnest(ARRAY['mcp', 'model', 'unheard-of']) p;
            UPDATE entities e SET doc = e.doc || '{"y": 2}' WHERE e.namespace = ns AND e.kind = 'K1';
            DELETE FROM entities e WHERE e.namespace = ns AND e.kind = 'K2' AND e.plugin <> 'mcp';
            COMMIT;
            ASSERT (SELECT h.revision FROM namespaces h WHERE h.name = ns) = r0 + 1, 'one transaction, one revision';
            ASSERT (SELECT count(*) FROM revision_changes c WHERE c.namespace = ns AND c.revision = r0 + 1) = 1500,
                'a key must be logged once per revision';
            """),
        script(
            "overwritten",
            """
            INSERT INTO entities (namespace, plugin, kind, name, doc, version, revision, digest, created_at)
            VALUES (ns, 'mcp', 'McpServer', 'ünï/a', '{"b": 1, "a": "é"}', 77, 99999, 5, '2001-01-01 00:00Z');
            ASSERT (SELECT e.version = 1 AND e.revision = r0 + 1 AND e.digest = \(knownDigest)
                AND e.created_at = '2001-01-01 00:00Z'
                FROM entities e WHERE e.namespace = ns), 'values of the writer, or another digest';
            UPDATE entities e SET version = 50, revision = 1, digest = 1, created_at = now() WHERE e.namespace = ns;
            ASSERT (SELECT e.version = 2 AND e.revision = r0 + 1 AND e.created_at = '2001-01-01 00:00Z'
                FROM entities e WHERE e.namespace = ns), 'values of the writer after an update';
            """),
        script(
            "on-conflict",
            """
            INSERT INTO entities (namespace, plugin, kind, name, doc)
            SELECT ns, 'mcp', 'McpServer', 'n' || g, '{}' FROM generate_series(1, 3) g;
            COMMIT;
            INSERT INTO entities (namespace, plugin, kind, name, doc) VALUES (ns, 'mcp', 'McpServer', 'n1',
                '{"no": 1}')
            ON CONFLICT DO NOTHING;
            COMMIT;
            ASSERT (SELECT h.revision FROM namespaces h WHERE h.name = ns) = r0 + 2, 'a suppressed row leaves a hole';
            INSERT INTO entities (namespace, plugin, kind, name, doc)
            SELECT ns, 'mcp', 'McpServer', 'n' || g, '{"yes": 1}' FROM generate_series(2, 5) g
            ON CONFLICT (namespace, plugin, kind, source, name) DO UPDATE SET doc = EXCLUDED.doc;
            COMMIT;
            ASSERT (SELECT array_agg(e.version ORDER BY e.name) = '{1,2,2,1,1}' FROM entities e
                WHERE e.namespace = ns),
                'versions after an upsert';
            ASSERT (SELECT count(*) FROM revision_changes c WHERE c.namespace = ns AND c.revision = r0 + 3) = 4,
                'an upsert logs what it wrote';
            """),
        script(
            "merge",
            """
            INSERT INTO entities (namespace, plugin, kind, name, doc)
            SELECT ns, 'model', 'Model', 'n' || g, '{}' FROM generate_series(1, 6) g;
            COMMIT;
            MERGE INTO entities e USING (SELECT 'n' || g AS name, g FROM generate_series(4, 9) g) s
            ON e.namespace = ns AND e.plugin = 'model' AND e.kind = 'Model' AND e.name = s.name
            WHEN MATCHED AND s.g = 4 THEN DELETE
            WHEN MATCHED THEN UPDATE SET doc = jsonb_build_object('g', s.g)
            WHEN NOT MATCHED THEN INSERT (namespace, plugin, kind, name, doc) VALUES (ns, 'model',
                'Model', s.name, '{}');
            COMMIT;
            ASSERT (SELECT count(*) FROM revision_changes c WHERE c.namespace = ns AND c.revision = r0 + 2) = 6,
                'MERGE logs each branch';
            """),
        script(
            "with-queries",
            """
            INSERT INTO entities (namespace, plugin, kind, name, doc)
            SELECT ns, 'model', 'Model', 'n' || g, '{}' FROM generate_series(1, 6) g;
            COMMIT;
            WITH gone AS (DELETE FROM entities e WHERE e.namespace = ns AND e.name IN ('n1', 'n2') RETURNING e.*),
                a AS (UPDATE entities e SET doc = '{"a": 1}' WHERE e.namespace = ns AND e.name = 'n3'),
                b AS (UPDATE entities e SET doc = '{"b": 1}' WHERE e.namespace = ns AND e.name = 'n4'),
                c AS (INSERT INTO entities (namespace, plugin, kind, name, doc) VALUES (ns, 'mcp',
                    'McpServer', 'x', '{}'))
            INSERT INTO entities (namespace, plugin, kind, name, doc)
            SELECT ns, 'mcp', 'McpServer', g.name, g.doc FROM gone g;
            COMMIT;
            ASSERT (SELECT count(*) FROM revision_changes c WHERE c.namespace = ns AND c.revision = r0 + 2) = 7,
                'each part of the statement is logged';
            """),
        script(
            "savepoint",
            """
            BEGIN
                INSERT INTO entities (namespace, plugin, kind, name, doc) VALUES (ns, 'mcp', 'McpServer',
                    'lost', '{}');
                RAISE EXCEPTION 'undo';
            EXCEPTION WHEN raise_exception THEN NULL;
            END;
            INSERT INTO entities (namespace, plugin, kind, name, doc) VALUES (ns, 'mcp', 'McpServer', 'kept', '{}');
            BEGIN
                UPDATE entities e SET doc = '{"lost": 1}' WHERE e.namespace = ns;
                RAISE EXCEPTION 'undo';
            EXCEPTION WHEN raise_exception THEN NULL;
            END;
            BEGIN
                INSERT INTO entities (namespace, plugin, kind, name, doc) VALUES (ns, 'mcp', 'McpServer',
                    'inner', '{}');
            EXCEPTION WHEN raise_exception THEN NULL;
            END;
            COMMIT;
            INSERT INTO entities (namespace, plugin, kind, name, doc) VALUES (ns, 'mcp', 'McpServer',
                'rolled-back', '{}');
            ROLLBACK;
            ASSERT (SELECT h.revision FROM namespaces h WHERE h.name = ns) = r0 + 1, 'a rollback used up a revision';
            ASSERT (SELECT array_agg(c.name ORDER BY c.name) = '{inner,kept}' FROM revision_changes c
                WHERE c.namespace = ns AND c.revision = r0 + 1), 'the log holds what was rolled back';
            """),
        script(
            "actor",
            """
            PERFORM set_config('catalog.actor', 'alice', true), set_config('catalog.request_id', 'req-1', true);
            INSERT INTO entities (namespace, plugin, kind, name, doc) VALUES (ns, 'mcp', 'McpServer', 'a', '{}');
            COMMIT;
            DELETE FROM entities e WHERE e.namespace = ns;
            COMMIT;
            ASSERT (SELECT v.actor = 'alice' AND v.request_id = 'req-1' FROM revisions v
                WHERE v.namespace = ns AND v.revision = r0 + 1), 'the actor of the request';
            ASSERT (SELECT v.actor = session_user AND v.request_id IS NULL FROM revisions v
                WHERE v.namespace = ns AND v.revision = r0 + 2), 'the actor without a request';
            """),
    ]

    /// Worked out with another tool, over `mcp McpServer api ünï/a 1 {"a": "é", "b": 1}`.
    static let knownDigest = "x'ecb517b8c61ab202'::bigint"
}
