/// The ways around the plain path: moved identities, writes to one partition, TRUNCATE, cascades, replica role.
extension SchemaAssertions {
    /// A row that becomes another identity is a delete of the old one and a put of the new one.
    static let identities: [Script] = [
        script(
            "rename",
            """
            INSERT INTO entities (namespace, plugin, kind, name, doc)
            SELECT ns, 'mcp', 'McpServer', 'n' || g, '{}' FROM generate_series(1, 3) g;
            COMMIT;
            UPDATE entities e SET name = e.name || '-new' WHERE e.namespace = ns;
            COMMIT;
            ASSERT (SELECT count(*) FILTER (WHERE c.op = 'put') = 3 AND count(*) FILTER (WHERE c.op = 'delete') = 3
                FROM revision_changes c WHERE c.namespace = ns AND c.revision = r0 + 2), 'both identities are logged';
            """),
        script(
            "plugin-move",
            """
            INSERT INTO entities (namespace, plugin, kind, name, doc)
            SELECT ns, 'mcp', 'Thing', 'n' || g, '{}' FROM generate_series(1, 4) g;
            COMMIT;
            UPDATE entities e SET plugin = 'model', doc = '{"moved": 1}' WHERE e.namespace = ns AND e.name <> 'n4';
            COMMIT;
            ASSERT (SELECT count(*) FROM model_entities e WHERE e.namespace = ns) = 3, 'rows changed partition';
            ASSERT (SELECT h.revision FROM namespaces h WHERE h.name = ns) = r0 + 2, 'one revision for the move';
            ASSERT (SELECT count(*) FILTER (WHERE c.op = 'put' AND c.plugin = 'model') = 3
                AND count(*) FILTER (WHERE c.op = 'delete' AND c.plugin = 'mcp') = 3 AND count(*) = 6
                FROM revision_changes c WHERE c.namespace = ns AND c.revision = r0 + 2), 'both halves are logged';
            """),
        script(
            "namespace-move",
            """
            DELETE FROM entities e WHERE e.namespace = ns || '-b';
            PERFORM catalog_bump(ns || '-b');
            COMMIT;
            SELECT h.revision INTO STRICT n FROM namespaces h WHERE h.name = ns || '-b';
            INSERT INTO entities (namespace, plugin, kind, name, doc)
            SELECT ns, 'mcp', 'McpServer', 'n' || g, '{}' FROM generate_series(1, 5) g;
            COMMIT;
            UPDATE entities e SET namespace = ns || '-b' WHERE e.namespace = ns AND e.name <> 'n5';
            COMMIT;
            ASSERT (SELECT h.revision FROM namespaces h WHERE h.name = ns) = r0 + 2
                AND (SELECT h.revision FROM namespaces h WHERE h.name = ns || '-b') = n + 1,
                    'both namespaces move on';
            ASSERT (SELECT count(*) FROM revision_changes c
                WHERE c.namespace = ns AND c.revision = r0 + 2 AND c.op = 'delete') = 4
                AND (SELECT count(*) FROM revision_changes c
                WHERE c.namespace = ns || '-b' AND c.revision = n + 1 AND c.op = 'put') = 4, 'both logs have it';
            ASSERT (SELECT h.digest FROM namespaces h WHERE h.name = ns || '-b')
                = (SELECT bit_xor(c.digest) FROM catalog_recompute_digest(ns || '-b') c), 'the digest over there';
            """),
        script(
            "lost-head",
            """
            INSERT INTO entities (namespace, plugin, kind, name, doc) VALUES (ns, 'mcp', 'McpServer', 'a', '{}');
            SELECT h.epoch::text INTO STRICT note FROM namespaces h WHERE h.name = ns;
            DELETE FROM namespaces h WHERE h.name = ns;
            COMMIT;
            INSERT INTO entities (namespace, plugin, kind, name, doc) VALUES (ns, 'mcp', 'McpServer', 'b', '{}');
            COMMIT;
            ASSERT (SELECT h.revision = r0 + 2 AND h.epoch::text <> note FROM namespaces h WHERE h.name = ns),
                'history goes on under a new epoch';
            """),
    ]

    /// Statements on a partition instead of the parent, partitions that come later, TRUNCATE.
    static let partitions: [Script] = [
        script(
            "direct",
            """
            INSERT INTO mcp_entities (namespace, plugin, kind, name, doc)
            SELECT ns, 'mcp', 'McpServer', 'n' || g, '{}' FROM generate_series(1, 9) g;
            COMMIT;
            UPDATE mcp_entities e SET doc = '{"x": 1}' WHERE e.namespace = ns AND e.name IN ('n1', 'n2');
            COMMIT;
            DELETE FROM mcp_entities e WHERE e.namespace = ns AND e.name = 'n3';
            COMMIT;
            INSERT INTO mcp_entities (namespace, plugin, kind, name, doc) VALUES (ns, 'mcp', 'McpServer',
                'n4', '{"y": 1}')
            ON CONFLICT (namespace, plugin, kind, source, name) DO UPDATE SET doc = EXCLUDED.doc;
            COMMIT;
            ASSERT (SELECT h.revision FROM namespaces h WHERE h.name = ns) = r0 + 4,
                'a partition is a writer like the parent';
            ASSERT (SELECT count(*) FROM revision_changes c WHERE c.namespace = ns AND c.revision > r0) = 13,
                'each change once';
            """),
        script(
            "attach",
            """
            note := 'chk-' || left(md5(random()::text), 12);
            INSERT INTO entities (namespace, plugin, kind, name, doc)
            SELECT ns, note, 'Thing', 'n' || g, '{}' FROM generate_series(1, 3) g;
            COMMIT;
            PERFORM catalog_attach_plugin(note);
            COMMIT;
            ASSERT (SELECT count(*) FROM other_entities e WHERE e.namespace = ns) = 0,
                'rows left in the default partition';
            ASSERT (SELECT h.revision FROM namespaces h WHERE h.name = ns) = r0 + 1, 'the move is no change';
            ASSERT catalog_attach_plugin(note) = catalog_attach_plugin(note), 'a second attach finds the first';
            UPDATE entities e SET doc = '{"x": 1}' WHERE e.namespace = ns AND e.name = 'n1';
            EXECUTE format('UPDATE %s SET doc = $1 WHERE name = $2', catalog_attach_plugin(note))
                USING '{"x": 2}'::jsonb, 'n2';
            COMMIT;
            ASSERT (SELECT count(*) FROM revision_changes c
                WHERE c.namespace = ns AND c.revision = r0 + 2) = 2, 'logged there';
            DELETE FROM entities e WHERE e.namespace = ns;
            COMMIT;
            EXECUTE format('DROP TABLE %s', catalog_attach_plugin(note));
            """),
        script(
            "always",
            """
            SELECT string_agg(c.relname || '.' || w.name, ', ') INTO note
            FROM pg_class c
            CROSS JOIN unnest(ARRAY['zz_catalog_stamp', 'catalog_log_insert', 'catalog_log_update',
                'catalog_log_delete', 'catalog_log_truncate']) w (name)
            LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = w.name
            WHERE (c.oid = 'entities'::regclass
                OR c.oid IN (SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = 'entities'::regclass))
                AND t.tgenabled IS DISTINCT FROM 'A';
            ASSERT note IS NULL, 'triggers missing or not ENABLE ALWAYS: ' || note;
            """),
        script(
            "truncate-partition",
            """
            PERFORM catalog_attach_plugin('chk-truncate');
            INSERT INTO entities (namespace, plugin, kind, name, doc)
            SELECT ns, p, 'K' || g % 2, 'n' || g, '{}'
                FROM generate_series(1, 6) g, unnest(ARRAY['chk-truncate', 'mcp']) p;
            COMMIT;
            EXECUTE format('TRUNCATE %s', catalog_attach_plugin('chk-truncate'));
            COMMIT;
            ASSERT (SELECT count(*) FROM revision_changes c
                WHERE c.namespace = ns AND c.revision = r0 + 2 AND c.op = 'delete') = 6, 'the lost rows are logged';
            INSERT INTO entities (namespace, plugin, kind, name, doc) VALUES (ns, 'chk-truncate', 'K0',
                'again', '{}');
            """),
        script(
            "truncate-parent",
            """
            INSERT INTO entities (namespace, plugin, kind, name, doc)
            SELECT ns, p, 'K' || g % 2, 'n' || g, '{}'
            FROM generate_series(1, 6) g, unnest(ARRAY['mcp', 'model', 'unheard-of']) p;
            COMMIT;
            BEGIN
                TRUNCATE entities;
                SELECT count(*) INTO n FROM revision_changes c WHERE c.namespace = ns AND c.revision = r0 + 2;
                ASSERT n = 18, 'each lost row is logged once';
                ASSERT NOT EXISTS (SELECT FROM namespaces h WHERE h.digest <> 0), 'nothing is left to digest';
                ASSERT NOT EXISTS (SELECT FROM collections k WHERE k.digest <> 0 OR k.entity_count <> 0),
                    'nothing left';
                INSERT INTO entities (namespace, plugin, kind, name, doc) VALUES (ns, 'mcp', 'K0', 'n1', '{}');
            \(consistency)
                RAISE EXCEPTION 'undo';
            EXCEPTION WHEN raise_exception THEN NULL;
            END;
            """),
    ]

    /// Writers that do not name the table, or that switch ordinary triggers off.
    static let bypasses: [Script] = [
        script(
            "cascade",
            """
            PERFORM catalog_attach_plugin('chk-cascade');
            INSERT INTO entities (namespace, plugin, kind, name, doc)
            SELECT ns, 'chk-cascade', 'K', 'n' || g, '{}' FROM generate_series(1, 4) g;
            COMMIT;
            BEGIN
                CREATE TABLE chk_owners (name text PRIMARY KEY);
                EXECUTE 'INSERT INTO chk_owners SELECT name FROM chk_cascade_entities';
                ALTER TABLE chk_cascade_entities ADD FOREIGN KEY (name) REFERENCES chk_owners
                    ON DELETE CASCADE ON UPDATE CASCADE;
                EXECUTE 'DELETE FROM chk_owners WHERE name = ''n1''';
                EXECUTE 'UPDATE chk_owners SET name = ''renamed'' WHERE name = ''n2''';
                SELECT count(*) INTO n FROM revision_changes c WHERE c.namespace = ns AND c.revision = r0 + 2
                    AND (c.name, c.op) IN (('n1', 'delete'), ('n2', 'delete'), ('renamed', 'put'));
                ASSERT n = 3, 'a cascade is a writer';
            \(consistency)
                RAISE EXCEPTION 'undo';
            EXCEPTION WHEN raise_exception THEN NULL;
            END;
            """),
        script(
            "replica-role",
            """
            PERFORM set_config('session_replication_role', 'replica', true);
            INSERT INTO entities (namespace, plugin, kind, name, doc) VALUES (ns, 'mcp', 'McpServer', 'a',
                '{}'), (ns, 'mcp', 'McpServer', 'b', '{}');
            INSERT INTO model_entities (namespace, plugin, kind, name, doc) VALUES (ns, 'model', 'Model', 'c', '{}');
            UPDATE entities e SET doc = '{"x": 1}' WHERE e.namespace = ns AND e.name = 'a';
            DELETE FROM model_entities e WHERE e.namespace = ns;
            COMMIT;
            ASSERT (SELECT h.revision FROM namespaces h WHERE h.name = ns) = r0 + 1, 'the replica role passes by';
            """),
        script(
            "bulk",
            """
            INSERT INTO entities (namespace, plugin, kind, name, doc)
            SELECT ns, 'mcp', 'McpServer', 'n' || g, jsonb_build_object('name', 'n' || g,
                'd', repeat(md5(g::text), 31))
            FROM generate_series(1, 5000) g;
            GET DIAGNOSTICS n = ROW_COUNT;
            COMMIT;
            ASSERT n = 5000 AND (SELECT k.entity_count FROM collections k WHERE k.namespace = ns) = 5000, 'count';
            DELETE FROM entities e WHERE e.namespace = ns AND e.id % 10 <> 0;
            """),
    ]
}
