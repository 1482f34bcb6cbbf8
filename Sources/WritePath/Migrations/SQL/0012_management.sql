-- What operators do through the management API: the history of sources, and overlays of entities.

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- One row for each state of a source that the API made, and one for the state it found first. A source that
-- has a row here is the API's: the sources file no longer decides about it.
CREATE TABLE source_revisions (
    namespace text COLLATE "C" NOT NULL,
    plugin text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    sequence bigint GENERATED ALWAYS AS IDENTITY,
    -- Eight hex digits of a hash over the definition and the version before.
    version text COLLATE "C" NOT NULL,
    -- NULL: the source was deleted.
    definition jsonb CONSTRAINT source_revisions_object CHECK (jsonb_typeof(definition) = 'object'),
    size bigint NOT NULL,
    actor text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (namespace, plugin, source, sequence)
);

-- Tags, annotations and the lifecycle that actions gave an entity, whatever source it comes from. They are
-- kept beside the entities so that a refresh, or a source that goes and comes back, does not lose them.
CREATE TABLE entity_overlays (
    namespace text COLLATE "C" NOT NULL,
    plugin text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    overlay jsonb NOT NULL CONSTRAINT entity_overlays_object CHECK (jsonb_typeof(overlay) = 'object'),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (namespace, plugin, kind, name)
);

-- The members of a document that are an overlay's.
CREATE FUNCTION catalog_overlay_keys() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT '{tags,annotations,lifecycle}'::text[] $$;

-- Lays the overlay over every row that is written, before the stamp: the document that replicas receive has
-- it, so the log, the digests and the tags of entities know of it.
CREATE FUNCTION catalog_lay_over() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    found_overlay jsonb;
BEGIN
    SELECT o.overlay INTO found_overlay FROM entity_overlays o
    WHERE o.namespace = NEW.namespace AND o.plugin = NEW.plugin AND o.kind = NEW.kind AND o.name = NEW.name;
    IF FOUND THEN
        NEW.doc := (NEW.doc - catalog_overlay_keys()) || found_overlay;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER catalog_overlay BEFORE INSERT OR UPDATE ON entities
    FOR EACH ROW EXECUTE FUNCTION catalog_lay_over();
ALTER TABLE entities ENABLE ALWAYS TRIGGER catalog_overlay;

-- A change of an overlay is a change of the entities that it lies over. The sources of the collection are
-- walked, because their entities are found by source and name.
CREATE FUNCTION catalog_overlay_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    target entity_overlays%ROWTYPE;
    found_source text;
BEGIN
    IF TG_OP = 'DELETE' THEN target := OLD; ELSE target := NEW; END IF;
    SELECT min(e.source) INTO found_source FROM entities e
    WHERE e.namespace = target.namespace AND e.plugin = target.plugin AND e.kind = target.kind;
    WHILE found_source IS NOT NULL LOOP
        UPDATE entities e SET doc = e.doc - catalog_overlay_keys()
        WHERE e.namespace = target.namespace AND e.plugin = target.plugin AND e.kind = target.kind
            AND e.source = found_source AND e.name = target.name;
        SELECT min(e.source) INTO found_source FROM entities e
        WHERE e.namespace = target.namespace AND e.plugin = target.plugin AND e.kind = target.kind
            AND e.source > found_source;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER entity_overlays_changed AFTER INSERT OR UPDATE OR DELETE ON entity_overlays
    FOR EACH ROW EXECUTE FUNCTION catalog_overlay_changed();
ALTER TABLE entity_overlays ENABLE ALWAYS TRIGGER entity_overlays_changed;
