-- The whole store in one file of SQLite: the tables of the Postgres schema, and triggers that keep revisions,
-- log and digests by the same rules.
--
-- Times are microseconds since 1970, booleans 0 and 1, arrays and documents texts of JSON as Postgres prints
-- them. Functions such as catalog_transaction() are the server's own: a program that does not bring them can
-- read this file, and its writes are refused.

CREATE TABLE namespaces (
    name TEXT NOT NULL PRIMARY KEY,
    epoch TEXT NOT NULL DEFAULT (gen_random_uuid()),
    revision INTEGER NOT NULL DEFAULT 0,
    digest INTEGER NOT NULL DEFAULT 0,
    floor INTEGER NOT NULL DEFAULT 0,
    -- The transaction that made `revision`.
    xid INTEGER,
    updated_at INTEGER NOT NULL DEFAULT (clock_timestamp()),
    -- The process that made `revision`: the next one goes on under a new epoch, because the file may be an
    -- older copy.
    incarnation TEXT,
    lineage TEXT NOT NULL DEFAULT '',
    CONSTRAINT namespaces_name_syntax CHECK (
        name <> '' AND length(name) <= 63 AND name NOT GLOB '*[^a-z0-9-]*'
        AND name NOT GLOB '-*' AND name NOT GLOB '*-'),
    CONSTRAINT namespaces_revision_range CHECK (floor >= 0 AND floor <= revision)
) WITHOUT ROWID;

INSERT INTO namespaces (name) VALUES ('default');

CREATE TABLE revisions (
    namespace TEXT NOT NULL,
    revision INTEGER NOT NULL,
    xid INTEGER NOT NULL,
    committed_at INTEGER NOT NULL DEFAULT (clock_timestamp()),
    digest INTEGER NOT NULL,
    actor TEXT NOT NULL,
    request_id TEXT,
    PRIMARY KEY (namespace, revision)
) WITHOUT ROWID;

CREATE TABLE revision_changes (
    namespace TEXT NOT NULL,
    revision INTEGER NOT NULL,
    plugin TEXT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    op TEXT NOT NULL CONSTRAINT revision_changes_op CHECK (op IN ('put', 'delete')),
    PRIMARY KEY (namespace, revision, plugin, kind, source, name)
) WITHOUT ROWID;

CREATE TABLE collections (
    namespace TEXT NOT NULL,
    plugin TEXT NOT NULL,
    kind TEXT NOT NULL,
    revision INTEGER NOT NULL,
    digest INTEGER NOT NULL,
    entity_count INTEGER NOT NULL,
    PRIMARY KEY (namespace, plugin, kind)
) WITHOUT ROWID;

-- version, revision, digest and the times are the triggers'.
CREATE TABLE entities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace TEXT NOT NULL DEFAULT 'default',
    plugin TEXT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL DEFAULT 'api',
    name TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 0,
    digest INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER,
    updated_at INTEGER,
    doc TEXT NOT NULL,
    CONSTRAINT entities_identity UNIQUE (namespace, plugin, kind, source, name),
    CONSTRAINT entities_doc_object CHECK (json_type(doc) = 'object'),
    CONSTRAINT entities_identity_not_empty
        CHECK (plugin <> '' AND kind <> '' AND source <> '' AND name <> '')
);
CREATE INDEX entities_name ON entities (namespace, plugin, kind, name);
CREATE INDEX entities_source ON entities (namespace, plugin, source);

CREATE TABLE entity_overlays (
    namespace TEXT NOT NULL,
    plugin TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    overlay TEXT NOT NULL CONSTRAINT entity_overlays_object CHECK (json_type(overlay) = 'object'),
    updated_at INTEGER NOT NULL DEFAULT (clock_timestamp()),
    PRIMARY KEY (namespace, plugin, kind, name)
) WITHOUT ROWID;

-- Inserting a namespace here gives it the revision of this transaction, if it has none there yet.
CREATE VIEW catalog_bump AS SELECT name AS namespace FROM namespaces WHERE false;

CREATE TRIGGER catalog_bump_made INSTEAD OF INSERT ON catalog_bump
WHEN NOT EXISTS (
    SELECT 1 FROM namespaces n WHERE n.name = NEW.namespace AND n.xid = catalog_transaction()
        AND n.incarnation = catalog_incarnation())
BEGIN
    -- A new namespace, or one whose row was deleted: then history goes on under a new epoch.
    INSERT INTO namespaces (name, revision, digest)
    SELECT NEW.namespace,
        COALESCE((SELECT max(r.revision) FROM revisions r WHERE r.namespace = NEW.namespace), 0),
        COALESCE((SELECT bit_xor(c.digest) FROM collections c WHERE c.namespace = NEW.namespace), 0)
    WHERE true
    ON CONFLICT (name) DO NOTHING;
    UPDATE namespaces
    SET epoch = catalog_epoch(name, revision), incarnation = catalog_incarnation(),
        lineage = catalog_lineage(catalog_epoch(name, revision), epoch, revision, lineage)
    WHERE name = NEW.namespace AND incarnation IS NOT catalog_incarnation();
    UPDATE namespaces
    SET revision = revision + 1, xid = catalog_transaction(), updated_at = clock_timestamp()
    WHERE name = NEW.namespace;
    INSERT INTO revisions (namespace, revision, xid, committed_at, digest, actor, request_id)
    SELECT n.name, n.revision, n.xid, clock_timestamp(), n.digest,
        COALESCE(NULLIF(current_setting('catalog.actor'), ''), 'catalog-server'),
        NULLIF(current_setting('catalog.request_id'), '')
    FROM namespaces n WHERE n.name = NEW.namespace
    ON CONFLICT (namespace, revision) DO UPDATE
    SET xid = excluded.xid, committed_at = excluded.committed_at, digest = excluded.digest,
        actor = excluded.actor, request_id = excluded.request_id;
END;

-- Inserting a change here writes the log and moves the digests; `digest` is what changes in them.
CREATE VIEW catalog_log AS
SELECT namespace, plugin, kind, source, name, 'put' AS op, digest, 0 AS step FROM entities WHERE false;

CREATE TRIGGER catalog_log_made INSTEAD OF INSERT ON catalog_log
BEGIN
    INSERT INTO revision_changes (namespace, revision, plugin, kind, source, name, op)
    SELECT n.name, n.revision, NEW.plugin, NEW.kind, NEW.source, NEW.name, NEW.op
    FROM namespaces n WHERE n.name = NEW.namespace
    ON CONFLICT (namespace, revision, plugin, kind, source, name) DO UPDATE SET op = excluded.op;
    INSERT INTO collections (namespace, plugin, kind, revision, digest, entity_count)
    SELECT n.name, NEW.plugin, NEW.kind, n.revision, NEW.digest, NEW.step
    FROM namespaces n WHERE n.name = NEW.namespace
    ON CONFLICT (namespace, plugin, kind) DO UPDATE
    SET revision = excluded.revision, digest = catalog_xor(collections.digest, excluded.digest),
        entity_count = collections.entity_count + excluded.entity_count;
    UPDATE namespaces SET digest = catalog_xor(digest, NEW.digest) WHERE name = NEW.namespace;
    UPDATE revisions SET digest = (SELECT n.digest FROM namespaces n WHERE n.name = NEW.namespace)
    WHERE namespace = NEW.namespace
        AND revision = (SELECT n.revision FROM namespaces n WHERE n.name = NEW.namespace);
END;

CREATE TRIGGER entities_inserted AFTER INSERT ON entities
BEGIN
    INSERT INTO catalog_bump (namespace) VALUES (NEW.namespace);
    UPDATE entities
    SET doc = catalog_overlaid(NEW.doc, (
            SELECT o.overlay FROM entity_overlays o WHERE o.namespace = NEW.namespace
                AND o.plugin = NEW.plugin AND o.kind = NEW.kind AND o.name = NEW.name)),
        version = 1, updated_at = clock_timestamp(),
        revision = (SELECT n.revision FROM namespaces n WHERE n.name = NEW.namespace)
    WHERE id = NEW.id;
    UPDATE entities
    SET created_at = COALESCE(created_at, updated_at),
        digest = catalog_entity_digest(plugin, kind, source, name, version, doc)
    WHERE id = NEW.id;
    INSERT INTO catalog_log (namespace, plugin, kind, source, name, op, digest, step)
    SELECT namespace, plugin, kind, source, name, 'put', digest, 1 FROM entities WHERE id = NEW.id;
END;

-- The stamps that the triggers set move the version, or leave the document alone: neither comes here.
CREATE TRIGGER entities_updated AFTER UPDATE OF doc ON entities
WHEN NEW.version = OLD.version AND OLD.version > 0
BEGIN
    INSERT INTO catalog_bump (namespace) VALUES (NEW.namespace);
    UPDATE entities
    SET doc = catalog_overlaid(NEW.doc, (
            SELECT o.overlay FROM entity_overlays o WHERE o.namespace = NEW.namespace
                AND o.plugin = NEW.plugin AND o.kind = NEW.kind AND o.name = NEW.name)),
        version = OLD.version + 1, updated_at = clock_timestamp(),
        revision = (SELECT n.revision FROM namespaces n WHERE n.name = NEW.namespace)
    WHERE id = NEW.id;
    UPDATE entities SET digest = catalog_entity_digest(plugin, kind, source, name, version, doc)
    WHERE id = NEW.id;
    INSERT INTO catalog_log (namespace, plugin, kind, source, name, op, digest, step)
    SELECT namespace, plugin, kind, source, name, 'put', catalog_xor(OLD.digest, digest), 0
    FROM entities WHERE id = NEW.id;
END;

CREATE TRIGGER entities_deleted AFTER DELETE ON entities
BEGIN
    INSERT INTO catalog_bump (namespace) VALUES (OLD.namespace);
    INSERT INTO catalog_log (namespace, plugin, kind, source, name, op, digest, step)
    VALUES (OLD.namespace, OLD.plugin, OLD.kind, OLD.source, OLD.name, 'delete', OLD.digest, -1);
END;

CREATE TRIGGER entities_keep_identity BEFORE UPDATE OF namespace, plugin, kind, source, name ON entities
WHEN (NEW.namespace, NEW.plugin, NEW.kind, NEW.source, NEW.name)
    IS NOT (OLD.namespace, OLD.plugin, OLD.kind, OLD.source, OLD.name)
BEGIN
    SELECT RAISE(ABORT, 'an entity keeps its identity');
END;

-- A change of an overlay is a change of the entities that it lies over, in all sources.
CREATE TRIGGER entity_overlays_inserted AFTER INSERT ON entity_overlays
BEGIN
    UPDATE entities SET doc = catalog_without_overlay(doc)
    WHERE namespace = NEW.namespace AND plugin = NEW.plugin AND kind = NEW.kind AND name = NEW.name;
END;
CREATE TRIGGER entity_overlays_updated AFTER UPDATE ON entity_overlays
BEGIN
    UPDATE entities SET doc = catalog_without_overlay(doc)
    WHERE namespace = NEW.namespace AND plugin = NEW.plugin AND kind = NEW.kind AND name = NEW.name;
END;
CREATE TRIGGER entity_overlays_deleted AFTER DELETE ON entity_overlays
BEGIN
    UPDATE entities SET doc = catalog_without_overlay(doc)
    WHERE namespace = OLD.namespace AND plugin = OLD.plugin AND kind = OLD.kind AND name = OLD.name;
END;
