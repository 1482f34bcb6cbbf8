-- Namespaces (the heads), the change log and the collections' digests.
--
-- Every object lives in the first schema of the search path. The path is pinned here, for this transaction,
-- to that one schema with pg_temp last, so that `SET search_path FROM CURRENT` below gives each function
-- exactly this path: pg_restore runs with an empty path, and a temporary table must not shadow ours.
-- Identity columns collate "C": the order is that of the bytes, and no libc or ICU upgrade can break an index.

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- The head of each namespace. Its row is the lock that orders the namespace's writers until commit.
CREATE TABLE namespaces (
    name text COLLATE "C" PRIMARY KEY,
    -- Another epoch means another history: replicas rebuild, old tokens are refused.
    epoch uuid NOT NULL DEFAULT gen_random_uuid(),
    revision bigint NOT NULL DEFAULT 0,
    -- XOR of the digests of all entities of the namespace.
    digest bigint NOT NULL DEFAULT 0,
    -- Revisions up to this one are trimmed from the log.
    floor bigint NOT NULL DEFAULT 0,
    -- The transaction that made `revision`, and its start: together they tell it apart from a transaction
    -- that happens to have the same number in another cluster after a restore.
    xid xid8,
    updated_at timestamptz NOT NULL DEFAULT transaction_timestamp(),
    CONSTRAINT namespaces_name_syntax
        CHECK (name ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$' AND length(name) <= 63),
    CONSTRAINT namespaces_revision_range CHECK (floor >= 0 AND floor <= revision)
)
-- Room beside a hot row for its many short-lived versions, so that each update stays on the page (HOT).
WITH (fillfactor = 10);

INSERT INTO namespaces (name) VALUES ('default');

-- One row per (transaction, namespace): dense, 1, 2, 3 …
CREATE TABLE revisions (
    namespace text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    xid xid8 NOT NULL,
    committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The namespace's digest after this revision.
    digest bigint NOT NULL,
    actor text NOT NULL,
    request_id text,
    PRIMARY KEY (namespace, revision)
);

-- The identities that a revision touched; a key that one transaction changed twice has one row, its last.
CREATE TABLE revision_changes (
    namespace text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    plugin text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    op text COLLATE "C" NOT NULL CONSTRAINT revision_changes_op CHECK (op IN ('put', 'delete')),
    PRIMARY KEY (namespace, revision, plugin, kind, source, name)
);

-- One kind of one namespace: what a replica compares after a load, and the stamp of its rendered pages.
CREATE TABLE collections (
    namespace text COLLATE "C" NOT NULL,
    plugin text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    digest bigint NOT NULL,
    entity_count bigint NOT NULL,
    PRIMARY KEY (namespace, plugin, kind)
) WITH (fillfactor = 20);

-- Makes the revision of this transaction in the namespace; only for a transaction that has none there yet.
-- The log row is written at once: the log stays dense even when every changed row is suppressed later
-- (ON CONFLICT DO NOTHING after a BEFORE INSERT trigger). A rollback to a savepoint takes both back.
CREATE FUNCTION catalog_advance(ns text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    head namespaces%ROWTYPE;
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

-- Gives the revision of this transaction in the namespace, and makes it on the first call.
CREATE FUNCTION catalog_bump(ns text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    own bigint;
BEGIN
    SELECT n.revision INTO own FROM namespaces n
    WHERE n.name = ns AND n.xid = pg_current_xact_id() AND n.updated_at = transaction_timestamp();
    RETURN COALESCE(own, catalog_advance(ns));
END
$$;

-- Takes the namespaces' locks in the one order that everybody uses, and makes no revision.
-- An UPDATE or DELETE locks its row before the trigger reaches the namespace; a transaction that calls this
-- first cannot deadlock with another that does.
CREATE FUNCTION catalog_lock(VARIADIC names text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM 1 FROM namespaces n WHERE n.name = ANY (names) ORDER BY n.name FOR NO KEY UPDATE;
END
$$;

REVOKE ALL ON FUNCTION catalog_advance(text), catalog_bump(text), catalog_lock(text[]) FROM PUBLIC;
