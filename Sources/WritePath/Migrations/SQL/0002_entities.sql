-- Entities: one logical table, one physical table per plugin, so that an operator's
-- `pg_dump --table='mcp_*'` takes a usable partial backup.

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- One sequence for all partitions (an identity column would not reach writes to a partition before
-- Postgres 17), so an id is unique over all plugins.
CREATE SEQUENCE entities_id_seq AS bigint;

-- version, revision, digest and the times are the trigger's; what a writer puts there is overwritten,
-- except created_at of a new row, which a restore may supply.
CREATE TABLE entities (
    namespace text COLLATE "C" NOT NULL DEFAULT 'default',
    plugin text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL DEFAULT 'api',
    name text COLLATE "C" NOT NULL,
    id bigint NOT NULL DEFAULT nextval('entities_id_seq'),
    doc jsonb NOT NULL,
    version bigint NOT NULL,
    revision bigint NOT NULL,
    digest bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT entities_identity PRIMARY KEY (namespace, plugin, kind, source, name),
    CONSTRAINT entities_doc_object CHECK (jsonb_typeof(doc) = 'object'),
    CONSTRAINT entities_identity_not_empty
        CHECK (plugin <> '' AND kind <> '' AND source <> '' AND name <> '')
) PARTITION BY LIST (plugin);

ALTER SEQUENCE entities_id_seq OWNED BY entities.id;

-- No index on (namespace, plugin, kind, …) beside that of the identity: on tables that are not yet
-- analysed the planner would take it for look-ups of one entity and read the whole collection.
CREATE INDEX entities_id ON entities (id);

CREATE TABLE other_entities PARTITION OF entities DEFAULT;

-- The digest of one entity, over the bytes that a replica receives: the first 8 bytes, big-endian, of the
-- SHA-256 of plugin 00 kind 00 source 00 name 00 version 00 doc::text. Plain SQL without settings of its
-- own, so that the planner puts it in line; every name in it is qualified instead.
CREATE FUNCTION catalog_entity_digest(
    plugin text, kind text, source text, name text, version bigint, body text
) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ('x' || pg_catalog.encode(pg_catalog.substring(pg_catalog.sha256(
        pg_catalog.convert_to(plugin, 'UTF8') || '\x00'::pg_catalog.bytea
        || pg_catalog.convert_to(kind, 'UTF8') || '\x00'::pg_catalog.bytea
        || pg_catalog.convert_to(source, 'UTF8') || '\x00'::pg_catalog.bytea
        || pg_catalog.convert_to(name, 'UTF8') || '\x00'::pg_catalog.bytea
        || pg_catalog.convert_to(version::pg_catalog.text, 'UTF8') || '\x00'::pg_catalog.bytea
        || pg_catalog.convert_to(body, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint
$$;

-- The digests as the rows say, for the hourly audit and after a restore: equal to `collections`, or the
-- namespace has diverged. Costs a scan of the namespace.
CREATE FUNCTION catalog_recompute_digest(ns text)
RETURNS TABLE (plugin text, kind text, digest bigint, entity_count bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT e.plugin, e.kind,
        bit_xor(catalog_entity_digest(e.plugin, e.kind, e.source, e.name, e.version, e.doc::text)),
        count(*)
    FROM entities e WHERE e.namespace = ns GROUP BY e.plugin, e.kind
$$;

-- Moves the sequence past the ids that are there: a partial restore brings rows but not the sequence.
CREATE FUNCTION catalog_align_ids() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT setval('entities_id_seq', GREATEST(nextval('entities_id_seq'), (SELECT max(e.id) FROM entities e)))
$$;

REVOKE ALL ON FUNCTION catalog_recompute_digest(text), catalog_align_ids() FROM PUBLIC;
