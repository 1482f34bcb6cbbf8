-- A revision is never given twice in one history: where Postgres may have gone back, the namespace's next
-- revision begins a new epoch.
--
-- What went back restores with it whatever this schema could have noted, so each head carries a mark of the
-- server that made it, which no older state can have in the server that goes on from it: the timeline (another
-- after a promotion or a recovery to a point in time), the start of the server (another after a base backup or
-- a snapshot of the disk was put in place, or commits were lost in a crash) and the file of the table (another
-- after pg_restore or TRUNCATE, and in a copy of the database). Most of these changes lose nothing. So the new
-- epoch tells which ones it goes on from, and up to which revision: what replicas and clients know up to there
-- stays good, and a restart costs no more than an epoch.

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

ALTER TABLE namespaces
    -- By whom `revision` was made, as `catalog_incarnation` says; null where that is in doubt.
    ADD COLUMN incarnation text COLLATE "C",
    -- The epoch that this speaks of, and for each epoch that it goes on from, newest first, `epoch:revision`
    -- with the last revision that both share; between single spaces. Whoever gives a namespace another epoch
    -- need not touch it: it says nothing of that one.
    ADD COLUMN lineage text COLLATE "C" NOT NULL DEFAULT '';

-- Names the server that makes revisions now, and the table that holds the heads. Without a search path of its
-- own, so that it becomes part of the statement that calls it; a few microseconds.
CREATE FUNCTION catalog_incarnation(heads regclass) RETURNS text
LANGUAGE sql VOLATILE AS $$
    SELECT concat_ws('/',
        substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
        (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint,
        pg_relation_filepath(heads))
$$;

UPDATE namespaces SET incarnation = catalog_incarnation('namespaces');

-- As before, and a new epoch first where the head was made by another server than this one.
CREATE OR REPLACE FUNCTION catalog_advance(ns text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    head namespaces%ROWTYPE;
    here constant text := catalog_incarnation('namespaces');
    fresh uuid;
BEGIN
    LOOP
        UPDATE namespaces n
        SET revision = n.revision + 1, xid = pg_current_xact_id(), updated_at = transaction_timestamp()
        WHERE n.name = ns
        RETURNING * INTO head;
        EXIT WHEN FOUND;
        -- A new namespace, or one whose row was deleted: then history goes on under a new epoch.
        -- Of two that race here one inserts; the other waits for it and finds the row in the next round.
        INSERT INTO namespaces (name, revision, digest)
        SELECT ns,
            COALESCE((SELECT max(r.revision) FROM revisions r WHERE r.namespace = ns), 0),
            COALESCE((SELECT bit_xor(c.digest) FROM collections c WHERE c.namespace = ns), 0)
        ON CONFLICT (name) DO NOTHING;
    END LOOP;
    IF head.incarnation IS DISTINCT FROM here THEN
        fresh := gen_random_uuid();
        UPDATE namespaces n
        SET epoch = fresh, incarnation = here, lineage = concat_ws(' ',
            fresh, n.epoch || ':' || (n.revision - 1),
            -- Eight of them: whoever knows only what is older than that starts over.
            CASE WHEN split_part(n.lineage, ' ', 1) = n.epoch::text
                THEN NULLIF(array_to_string((string_to_array(n.lineage, ' '))[2:8], ' '), '') END)
        WHERE n.name = ns
        RETURNING * INTO head;
    END IF;
    -- A conflict means that the head was restored to an older state than the log: the lost history is overwritten.
    INSERT INTO revisions AS r (namespace, revision, xid, digest, actor, request_id)
    VALUES (
        ns, head.revision, head.xid, head.digest,
        COALESCE(NULLIF(current_setting('catalog.actor', true), ''), session_user),
        NULLIF(current_setting('catalog.request_id', true), ''))
    ON CONFLICT (namespace, revision) DO UPDATE
    SET xid = EXCLUDED.xid, committed_at = EXCLUDED.committed_at, digest = EXCLUDED.digest,
        actor = EXCLUDED.actor, request_id = EXCLUDED.request_id;
    RETURN head.revision;
END
$$;

-- Takes the mark away from a head that somebody put there or set back. An inserted row is marked by its first
-- revision.
CREATE FUNCTION catalog_doubt_head() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.incarnation := NULL;
        RETURN NEW;
    END IF;
    UPDATE namespaces n SET incarnation = NULL WHERE n.name = NEW.name;
    RETURN NULL;
END
$$;

CREATE TRIGGER catalog_doubt_inserted BEFORE INSERT ON namespaces
    FOR EACH ROW EXECUTE FUNCTION catalog_doubt_head();
-- After the row, because a trigger before it would lock each head once more.
CREATE TRIGGER catalog_doubt_set_back AFTER UPDATE OF revision ON namespaces
    FOR EACH ROW WHEN (NEW.revision < OLD.revision) EXECUTE FUNCTION catalog_doubt_head();
ALTER TABLE namespaces
    ENABLE ALWAYS TRIGGER catalog_doubt_inserted, ENABLE ALWAYS TRIGGER catalog_doubt_set_back;

-- As before, but a replica that is still in a history that the present one goes on from needs the log.
CREATE OR REPLACE FUNCTION catalog_trim_log(
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
    -- Who is in a history that this one does not go on from rebuilds and needs nothing of it.
    SELECT min(p.revision) INTO acknowledged
    FROM replica_positions p JOIN replicas r ON r.id = p.replica
    WHERE p.namespace = ns AND r.lease_until > moment
        AND (p.epoch = head.epoch OR strpos(head.lineage, ' ' || p.epoch || ':') > 0);
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

REVOKE ALL ON FUNCTION catalog_incarnation(regclass), catalog_doubt_head() FROM PUBLIC;
