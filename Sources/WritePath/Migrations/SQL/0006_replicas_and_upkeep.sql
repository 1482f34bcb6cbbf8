-- The register of the replicas and their positions, the turns of upkeep, the trimming of the log, the repair
-- of digests.

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- Who serves: one row per start of a process, alive until its lease ends. Neither this nor the positions are
-- worth a backup or a flush: after a crash of the server each replica reports anew.
CREATE UNLOGGED TABLE replicas (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL,
    lease_until timestamptz NOT NULL
);

-- How far a replica's cache of a namespace has come.
CREATE UNLOGGED TABLE replica_positions (
    replica text COLLATE "C" NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    -- The history that the revision belongs to.
    epoch uuid NOT NULL,
    revision bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (namespace, replica)
);
CREATE INDEX replica_positions_replica ON replica_positions (replica);

-- Renews a lease and stores what moved since the last report; returns false for a replica that was not
-- registered, whose next report has to name every namespace that it holds. Removes replicas whose lease is over.
CREATE FUNCTION catalog_report(
    replica_id text, replica_name text, lease interval,
    held text[], epochs uuid[], revisions bigint[], dropped text[]
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    moment constant timestamptz := clock_timestamp();
    known boolean;
BEGIN
    UPDATE replicas r SET seen_at = moment, lease_until = moment + lease WHERE r.id = replica_id;
    known := FOUND;
    IF NOT known THEN
        INSERT INTO replicas (id, name, seen_at, lease_until)
        VALUES (replica_id, replica_name, moment, moment + lease)
        ON CONFLICT (id) DO UPDATE SET seen_at = moment, lease_until = moment + lease;
    END IF;
    INSERT INTO replica_positions AS p (replica, namespace, epoch, revision, updated_at)
    SELECT replica_id, h.namespace, h.epoch, h.revision, moment
    FROM unnest(held, epochs, revisions) AS h (namespace, epoch, revision)
    ON CONFLICT (namespace, replica) DO UPDATE
    SET epoch = EXCLUDED.epoch, revision = EXCLUDED.revision, updated_at = EXCLUDED.updated_at;
    DELETE FROM replica_positions p WHERE p.replica = replica_id AND p.namespace = ANY (dropped);
    -- Whoever is just being renewed is locked and therefore not dead.
    WITH dead AS (
        SELECT r.id FROM replicas r WHERE r.lease_until < moment ORDER BY r.id FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM replicas r USING dead WHERE r.id = dead.id RETURNING r.id
    )
    DELETE FROM replica_positions p USING gone WHERE p.replica = gone.id;
    RETURN known;
END
$$;

-- Takes a replica out of the register at its orderly end.
CREATE FUNCTION catalog_leave(replica_id text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    DELETE FROM replicas r WHERE r.id = replica_id;
    DELETE FROM replica_positions p WHERE p.replica = replica_id;
$$;

-- The turns of what one replica does for all: whoever asks first when a task is due does it.
CREATE UNLOGGED TABLE upkeep (
    task text COLLATE "C" PRIMARY KEY,
    due_at timestamptz NOT NULL,
    turn bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 10);

-- Takes the turn of a task if it is due, and makes it due again after the period. Returns the number of the
-- newest turn and whether it is the caller's. Never waits for another who is just taking it.
CREATE FUNCTION catalog_claim(
    wanted text, period interval, force boolean DEFAULT false, OUT turn bigint, OUT claimed boolean
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE upkeep u SET due_at = clock_timestamp() + period, turn = u.turn + 1
    FROM (
        SELECT x.task FROM upkeep x
        WHERE x.task = wanted AND (force OR x.due_at <= clock_timestamp()) FOR UPDATE SKIP LOCKED
    ) mine
    WHERE u.task = mine.task
    RETURNING u.turn INTO catalog_claim.turn;
    claimed := FOUND;
    IF NOT claimed THEN
        INSERT INTO upkeep AS u (task, due_at) VALUES (wanted, clock_timestamp() + period)
        ON CONFLICT (task) DO NOTHING
        RETURNING u.turn INTO catalog_claim.turn;
        claimed := FOUND;
    END IF;
    IF NOT claimed THEN
        SELECT u.turn INTO catalog_claim.turn FROM upkeep u WHERE u.task = wanted;
    END IF;
END
$$;

-- Sends the heartbeat on the channel of the hints if it is due. It travels the whole way that a hint does.
CREATE FUNCTION catalog_beat(period interval, force boolean DEFAULT false, OUT beat bigint, OUT sent boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    SELECT c.turn, c.claimed INTO beat, sent FROM catalog_claim('heartbeat', period, force) c;
    IF sent THEN
        PERFORM pg_notify('catalog_changes', 'heartbeat:' || beat);
    END IF;
END
$$;

-- Removes at most `batch` rows from the beginning of a namespace's log and raises the floor in the same
-- transaction. A revision goes once
-- - it is older than `max_age` or behind the newest `max_revisions`, whoever still needs it, or
-- - every live replica that holds the namespace has applied it, and it is neither among the newest
--   `keep_revisions` nor younger than `keep_age`.
-- The newest revision always stays. Returns the rows removed and the floor; null while another trims.
CREATE FUNCTION catalog_trim_log(
    ns text, max_revisions bigint, max_age interval, keep_revisions bigint, keep_age interval, batch int,
    OUT removed bigint, OUT new_floor bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    head namespaces%ROWTYPE;
    moment constant timestamptz := clock_timestamp();
    acknowledged bigint;
    rest bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('catalog trim', 0)) THEN
        RETURN;
    END IF;
    SELECT * INTO head FROM namespaces n WHERE n.name = ns;
    IF NOT FOUND THEN
        removed := 0;
        RETURN;
    END IF;
    -- Who is in another history rebuilds and needs nothing of this one.
    SELECT min(p.revision) INTO acknowledged
    FROM replica_positions p JOIN replicas r ON r.id = p.replica
    WHERE p.namespace = ns AND p.epoch = head.epoch AND r.lease_until > moment;
    acknowledged := LEAST(COALESCE(acknowledged, head.revision), head.revision - keep_revisions);
    SELECT max(c.revision) INTO new_floor
    FROM (
        SELECT r.revision, r.committed_at FROM revisions r
        WHERE r.namespace = ns AND r.revision > head.floor AND r.revision < head.revision
        ORDER BY r.revision LIMIT batch
    ) c
    WHERE c.revision <= head.revision - max_revisions
        OR c.committed_at < moment - max_age
        OR (c.revision <= acknowledged AND c.committed_at < moment - keep_age);
    new_floor := GREATEST(COALESCE(new_floor, 0), head.floor);
    DELETE FROM revision_changes c WHERE c.ctid = ANY (ARRAY(
        SELECT x.ctid FROM revision_changes x WHERE x.namespace = ns AND x.revision <= new_floor
        ORDER BY x.revision LIMIT batch));
    GET DIAGNOSTICS removed = ROW_COUNT;
    DELETE FROM revisions r WHERE r.ctid = ANY (ARRAY(
        SELECT x.ctid FROM revisions x WHERE x.namespace = ns AND x.revision <= new_floor
        ORDER BY x.revision LIMIT batch - removed));
    GET DIAGNOSTICS rest = ROW_COUNT;
    removed := removed + rest;
    -- Last, so that writers of the namespace wait only for the commit. A head that was restored meanwhile to
    -- another history keeps its own floor.
    UPDATE namespaces n SET floor = new_floor
    WHERE n.name = ns AND n.epoch = head.epoch AND n.revision >= new_floor AND n.floor < new_floor;
END
$$;

-- The namespaces of whose log there may be something to trim.
CREATE FUNCTION catalog_trimmable(keep_revisions bigint, max_age interval) RETURNS SETOF text
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT n.name FROM namespaces n
    WHERE (n.revision - 1 > n.floor AND (
            n.revision - n.floor > keep_revisions
            OR (SELECT r.committed_at FROM revisions r
                WHERE r.namespace = n.name AND r.revision > n.floor ORDER BY r.revision LIMIT 1)
                < clock_timestamp() - max_age))
        OR EXISTS (SELECT FROM revision_changes c WHERE c.namespace = n.name AND c.revision <= n.floor)
        OR EXISTS (SELECT FROM revisions r WHERE r.namespace = n.name AND r.revision <= n.floor)
    ORDER BY n.name
$$;

-- Whether the rows of a namespace are those that its digests speak of; a scan of the namespace.
CREATE FUNCTION catalog_digest_holds(ns text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    WITH seen AS MATERIALIZED (
        SELECT e.plugin, e.kind, bit_xor(d.digest) AS digest, count(*) AS entity_count,
            bool_and(e.digest = d.digest) AS is_stamped, max(e.revision) AS revision
        FROM entities e, LATERAL (SELECT catalog_entity_digest(
            e.plugin, e.kind, e.source, e.name, e.version, e.doc::text) AS digest OFFSET 0) d
        WHERE e.namespace = ns GROUP BY e.plugin, e.kind
    ), known AS (
        SELECT c.plugin, c.kind, c.digest, c.entity_count FROM collections c WHERE c.namespace = ns
    )
    SELECT COALESCE((SELECT bool_and(s.is_stamped) FROM seen s), true)
        AND COALESCE((SELECT n.digest FROM namespaces n WHERE n.name = ns), 0)
            = COALESCE((SELECT bit_xor(s.digest) FROM seen s), 0)
        AND COALESCE((SELECT max(s.revision) FROM seen s), 0)
            <= COALESCE((SELECT n.revision FROM namespaces n WHERE n.name = ns), 0)
        AND NOT EXISTS (
            SELECT FROM seen s FULL JOIN known k USING (plugin, kind)
            WHERE COALESCE(s.digest, 0) <> COALESCE(k.digest, 0)
                OR COALESCE(s.entity_count, 0) <> COALESCE(k.entity_count, 0))
$$;

-- Makes the digests of a namespace those of its rows, as a new revision under a new epoch: what replicas and
-- clients know belongs to a history that is lost, and no range of the log leads from it to this one.
-- Returns false where there was nothing to repair.
CREATE FUNCTION catalog_repair(ns text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    made bigint;
    total bigint;
BEGIN
    IF catalog_digest_holds(ns) THEN
        RETURN false;
    END IF;
    -- Rows may have been restored from a later state than the head; a revision is never given twice.
    UPDATE namespaces n
    SET revision = GREATEST(n.revision, (SELECT max(e.revision) FROM entities e WHERE e.namespace = ns))
    WHERE n.name = ns;
    made := catalog_advance(ns);
    -- Every writer waits for the namespace now, so the rows stand still.
    -- A stamp that is wrong would make the next change of its row wrong too; the triggers put it right.
    UPDATE entities e SET doc = e.doc
    WHERE e.namespace = ns AND e.digest IS DISTINCT FROM catalog_entity_digest(
        e.plugin, e.kind, e.source, e.name, e.version, e.doc::text);
    UPDATE collections c SET digest = 0, entity_count = 0, revision = made WHERE c.namespace = ns;
    INSERT INTO collections AS c (namespace, plugin, kind, revision, digest, entity_count)
    SELECT ns, r.plugin, r.kind, made, r.digest, r.entity_count FROM catalog_recompute_digest(ns) r
    ON CONFLICT (namespace, plugin, kind) DO UPDATE
    SET digest = EXCLUDED.digest, entity_count = EXCLUDED.entity_count;
    SELECT COALESCE(bit_xor(c.digest), 0) INTO total FROM collections c WHERE c.namespace = ns;
    UPDATE namespaces n SET epoch = gen_random_uuid(), digest = total, floor = n.revision WHERE n.name = ns;
    UPDATE revisions r SET digest = total WHERE r.namespace = ns AND r.revision = made;
    RETURN true;
END
$$;

-- The files and triggers of the tables, as they were when the digests were last compared with the rows.
CREATE UNLOGGED TABLE table_stamps (
    relation text COLLATE "C" PRIMARY KEY,
    stamp text NOT NULL,
    changed_at timestamptz NOT NULL,
    -- Whether the digests were compared some time after the last change.
    is_settled boolean NOT NULL DEFAULT false
);

-- Notices tables that were replaced (pg_restore), emptied, rewritten or whose triggers changed: then the digests
-- are to be compared. A restore goes on after the table is there, so a change is reported as `changed` when it is
-- seen and as `settled` when nothing has changed for the settling time. Returns null when nothing is to be done.
CREATE FUNCTION catalog_watch_tables(settling interval) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    is_first constant boolean := NOT EXISTS (SELECT FROM table_stamps);
    changed bigint;
    settled bigint;
BEGIN
    WITH present AS (
        SELECT c.relname::text AS relation, concat_ws(
            '/', c.oid, c.relfilenode,
            (SELECT string_agg(t.tgname || t.tgenabled::text, ',' ORDER BY t.tgname)
             FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)) AS stamp
        FROM pg_class c
        WHERE c.oid IN (
                SELECT p.relid FROM pg_partition_tree('entities'::regclass) p)
            OR c.oid IN ('namespaces'::regclass, 'collections'::regclass)
    ), gone AS (
        DELETE FROM table_stamps s WHERE NOT EXISTS (SELECT FROM present p WHERE p.relation = s.relation)
        RETURNING s.relation
    ), moved AS (
        INSERT INTO table_stamps AS s (relation, stamp, changed_at, is_settled)
        SELECT p.relation, p.stamp, clock_timestamp(), is_first FROM present p
        ON CONFLICT (relation) DO UPDATE
        SET stamp = EXCLUDED.stamp, changed_at = EXCLUDED.changed_at, is_settled = false
        WHERE s.stamp <> EXCLUDED.stamp
        RETURNING s.relation
    )
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM moved) INTO changed;
    UPDATE table_stamps s SET is_settled = true
    WHERE NOT s.is_settled AND s.changed_at < clock_timestamp() - settling;
    GET DIAGNOSTICS settled = ROW_COUNT;
    RETURN CASE WHEN changed > 0 THEN 'changed' WHEN settled > 0 THEN 'settled' END;
END
$$;

-- Puts back the triggers of the partitions that lack one; returns how many partitions did.
CREATE FUNCTION catalog_restore_triggers() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    target regclass;
    restored bigint := 0;
BEGIN
    FOR target IN
        SELECT p.relid FROM pg_partition_tree('entities'::regclass) p
        WHERE 5 > (
            SELECT count(*) FROM pg_trigger t
            WHERE t.tgrelid = p.relid AND t.tgenabled = 'A' AND t.tgname IN (
                'zz_catalog_stamp', 'catalog_log_insert', 'catalog_log_update', 'catalog_log_delete',
                'catalog_log_truncate'))
    LOOP
        PERFORM catalog_attach_triggers(target);
        restored := restored + 1;
    END LOOP;
    RETURN restored;
END
$$;

REVOKE ALL ON FUNCTION
    catalog_report(text, text, interval, text[], uuid[], bigint[], text[]), catalog_leave(text),
    catalog_claim(text, interval, boolean), catalog_beat(interval, boolean),
    catalog_trim_log(text, bigint, interval, bigint, interval, int), catalog_trimmable(bigint, interval),
    catalog_digest_holds(text), catalog_repair(text), catalog_watch_tables(interval),
    catalog_restore_triggers()
    FROM PUBLIC;
