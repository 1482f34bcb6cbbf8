-- The triggers that make revisions, the log and the digests, whoever writes: psql, COPY, MERGE, a cascade.
--
-- A BEFORE ROW trigger stamps each row. AFTER STATEMENT triggers with transition tables write the log: a
-- statement on the parent fires only the parent's, one on a partition only the partition's, so nothing is
-- counted twice. TRUNCATE of the parent fires the parent's and every partition's trigger: that one is idempotent.
-- All are ENABLE ALWAYS, so session_replication_role = replica does not pass them by.

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

CREATE FUNCTION catalog_stamp() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM catalog_bump(OLD.namespace);
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        -- A row that moves between namespaces is a change of both; locked in the order of their names.
        IF NEW.namespace <> OLD.namespace THEN
            PERFORM catalog_bump(LEAST(OLD.namespace, NEW.namespace));
            PERFORM catalog_bump(GREATEST(OLD.namespace, NEW.namespace));
        END IF;
        NEW.version := OLD.version + 1;
        NEW.created_at := OLD.created_at;
        NEW.updated_at := clock_timestamp();
    ELSE
        -- Also the second half of a move to another plugin's partition: a new identity starts at version 1.
        NEW.version := 1;
        NEW.updated_at := clock_timestamp();
        NEW.created_at := COALESCE(NEW.created_at, NEW.updated_at);
    END IF;
    -- The common case of a bulk write, without the call: this transaction has its revision already.
    SELECT n.revision INTO NEW.revision FROM namespaces n
    WHERE n.name = NEW.namespace
        AND n.xid = pg_current_xact_id() AND n.updated_at = transaction_timestamp();
    IF NOT FOUND THEN
        NEW.revision := catalog_advance(NEW.namespace);
    END IF;
    NEW.digest := catalog_entity_digest(
        NEW.plugin, NEW.kind, NEW.source, NEW.name, NEW.version, NEW.doc::text);
    RETURN NEW;
END
$$;

-- INSERT and DELETE; the transition table is called `changed` in both.
-- The revisions travel in a jsonb map instead of a join: the plan is cached, and one that was made for a
-- single row must not become a nested loop over 100,000.
CREATE FUNCTION catalog_log_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    heads jsonb;
    change constant text := CASE TG_OP WHEN 'INSERT' THEN 'put' ELSE 'delete' END;
    step constant bigint := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    -- An upsert that only updated, a statement that found nothing.
    IF NOT EXISTS (SELECT FROM changed) THEN
        RETURN NULL;
    END IF;
    SELECT jsonb_object_agg(
        c.namespace, (SELECT n.revision FROM namespaces n WHERE n.name = c.namespace)) INTO heads
    FROM (SELECT DISTINCT x.namespace FROM changed x) c;
    INSERT INTO revision_changes AS r (namespace, revision, plugin, kind, source, name, op)
    SELECT c.namespace, (heads->>c.namespace)::bigint, c.plugin, c.kind, c.source, c.name, change
    FROM changed c
    ON CONFLICT (namespace, revision, plugin, kind, source, name) DO UPDATE SET op = EXCLUDED.op;
    WITH delta AS (
        SELECT c.namespace, c.plugin, c.kind, bit_xor(c.digest) AS digest, count(*) * step AS entities
        FROM changed c GROUP BY c.namespace, c.plugin, c.kind
    ), kinds AS (
        INSERT INTO collections AS k (namespace, plugin, kind, revision, digest, entity_count)
        SELECT d.namespace, d.plugin, d.kind, (heads->>d.namespace)::bigint, d.digest, d.entities
        FROM delta d
        ON CONFLICT (namespace, plugin, kind) DO UPDATE
        SET revision = EXCLUDED.revision, digest = k.digest # EXCLUDED.digest,
            entity_count = k.entity_count + EXCLUDED.entity_count
    ), head AS (
        UPDATE namespaces n SET digest = n.digest # d.digest
        FROM (SELECT x.namespace, bit_xor(x.digest) AS digest FROM delta x GROUP BY x.namespace) d
        WHERE n.name = d.namespace
        RETURNING n.name, n.revision, n.digest
    )
    UPDATE revisions r SET digest = head.digest
    FROM head WHERE r.namespace = head.name AND r.revision = head.revision;
    RETURN NULL;
END
$$;

-- UPDATE: an identity that is only among the old rows was deleted, every other one was put.
-- Grouping instead of an anti-join, for the same reason as above.
CREATE FUNCTION catalog_log_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    heads jsonb;
BEGIN
    IF NOT EXISTS (SELECT FROM after_rows) THEN
        RETURN NULL;
    END IF;
    SELECT jsonb_object_agg(
        c.namespace, (SELECT n.revision FROM namespaces n WHERE n.name = c.namespace)) INTO heads
    FROM (SELECT a.namespace FROM after_rows a UNION SELECT b.namespace FROM before_rows b) c;
    INSERT INTO revision_changes AS r (namespace, revision, plugin, kind, source, name, op)
    SELECT c.namespace, (heads->>c.namespace)::bigint, c.plugin, c.kind, c.source, c.name,
        CASE WHEN bool_or(c.present) THEN 'put' ELSE 'delete' END
    FROM (
        SELECT a.namespace, a.plugin, a.kind, a.source, a.name, true AS present FROM after_rows a
        UNION ALL
        SELECT b.namespace, b.plugin, b.kind, b.source, b.name, false FROM before_rows b
    ) c
    GROUP BY c.namespace, c.plugin, c.kind, c.source, c.name
    ON CONFLICT (namespace, revision, plugin, kind, source, name) DO UPDATE SET op = EXCLUDED.op;
    WITH delta AS (
        SELECT c.namespace, c.plugin, c.kind, bit_xor(c.digest) AS digest, sum(c.step)::bigint AS entities
        FROM (
            SELECT a.namespace, a.plugin, a.kind, a.digest, 1 AS step FROM after_rows a
            UNION ALL
            SELECT b.namespace, b.plugin, b.kind, b.digest, -1 FROM before_rows b
        ) c GROUP BY c.namespace, c.plugin, c.kind
    ), kinds AS (
        INSERT INTO collections AS k (namespace, plugin, kind, revision, digest, entity_count)
        SELECT d.namespace, d.plugin, d.kind, (heads->>d.namespace)::bigint, d.digest, d.entities
        FROM delta d
        ON CONFLICT (namespace, plugin, kind) DO UPDATE
        SET revision = EXCLUDED.revision, digest = k.digest # EXCLUDED.digest,
            entity_count = k.entity_count + EXCLUDED.entity_count
    ), head AS (
        UPDATE namespaces n SET digest = n.digest # d.digest
        FROM (SELECT x.namespace, bit_xor(x.digest) AS digest FROM delta x GROUP BY x.namespace) d
        WHERE n.name = d.namespace
        RETURNING n.name, n.revision, n.digest
    )
    UPDATE revisions r SET digest = head.digest
    FROM head WHERE r.namespace = head.name AND r.revision = head.revision;
    RETURN NULL;
END
$$;

-- TRUNCATE has no transition table, so this runs before it. All rows of a plugin are in one partition, so
-- whole collections vanish: their digests are taken out of the head and set to zero, which does nothing the
-- second time (TRUNCATE of the parent fires the parent's trigger and then each partition's).
CREATE FUNCTION catalog_log_truncated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    target constant regclass := TG_RELID;
    ns text;
BEGIN
    FOR ns IN EXECUTE format('SELECT DISTINCT namespace FROM %s ORDER BY 1', target) LOOP
        PERFORM catalog_bump(ns);
    END LOOP;
    EXECUTE format(
        'INSERT INTO revision_changes AS r (namespace, revision, plugin, kind, source, name, op)
         SELECT e.namespace, n.revision, e.plugin, e.kind, e.source, e.name, ''delete''
         FROM %s e JOIN namespaces n ON n.name = e.namespace
         ON CONFLICT (namespace, revision, plugin, kind, source, name) DO UPDATE SET op = EXCLUDED.op',
        target);
    EXECUTE format(
        'WITH gone AS (
             SELECT DISTINCT namespace, plugin, kind FROM %s
         ), lost AS (
             SELECT k.namespace, bit_xor(k.digest) AS digest
             FROM collections k JOIN gone USING (namespace, plugin, kind) GROUP BY k.namespace
         ), kinds AS (
             UPDATE collections k SET digest = 0, entity_count = 0, revision = n.revision
             FROM gone g JOIN namespaces n ON n.name = g.namespace
             WHERE (k.namespace, k.plugin, k.kind) = (g.namespace, g.plugin, g.kind)
         ), head AS (
             UPDATE namespaces n SET digest = n.digest # l.digest FROM lost l WHERE n.name = l.namespace
             RETURNING n.name, n.revision, n.digest
         )
         UPDATE revisions r SET digest = head.digest
         FROM head WHERE r.namespace = head.name AND r.revision = head.revision',
        target);
    RETURN NULL;
END
$$;
