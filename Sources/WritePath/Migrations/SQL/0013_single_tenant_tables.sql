-- The tables of the single-tenant era: one per plugin, without a namespace. Their rows are copied to `entities`
-- under `default`, in batches, by `LegacyImport`; the tables stay, so that an old binary goes on reading them.

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- As in 0003, but a copy may keep the time of the last change: `catalog.keep_times` is for imports only.
CREATE OR REPLACE FUNCTION catalog_stamp() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM catalog_bump(OLD.namespace);
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF NEW.namespace <> OLD.namespace THEN
            PERFORM catalog_bump(LEAST(OLD.namespace, NEW.namespace));
            PERFORM catalog_bump(GREATEST(OLD.namespace, NEW.namespace));
        END IF;
        NEW.version := OLD.version + 1;
        NEW.created_at := OLD.created_at;
        NEW.updated_at := clock_timestamp();
    ELSE
        NEW.version := 1;
        IF NEW.updated_at IS NULL OR current_setting('catalog.keep_times', true) IS DISTINCT FROM 'on' THEN
            NEW.updated_at := clock_timestamp();
        END IF;
        NEW.created_at := COALESCE(NEW.created_at, NEW.updated_at);
    END IF;
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

-- One row per table; it says how far its copy is, so that a copy that was killed goes on.
CREATE TABLE legacy_imports (
    table_name text COLLATE "C" PRIMARY KEY,
    plugin text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    -- The unique column that orders the batches; without one the table is copied at once.
    key_column text COLLATE "C",
    key_type text,
    last_key text,
    rows_total bigint NOT NULL DEFAULT 0,
    rows_read bigint NOT NULL DEFAULT 0,
    rows_copied bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
);

-- A text that holds JSON, as lists were stored, becomes what it holds; anything else stays as it is.
-- Called only for texts that look like it, as the handler costs a subtransaction.
CREATE FUNCTION catalog_legacy_value(value jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (value #>> '{}')::jsonb;
EXCEPTION WHEN data_exception THEN
    RETURN value;
END
$$;

-- Times were timestamps or milliseconds since 1970.
CREATE FUNCTION catalog_legacy_time(value jsonb) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN value #>> '{}' ~ '^[0-9]+$' THEN to_timestamp((value #>> '{}')::bigint / 1000.0)
        WHEN value #>> '{}' <> '' THEN (value #>> '{}')::timestamptz
    END
$$;

CREATE FUNCTION catalog_legacy_field(column_name text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(CASE n WHEN 1 THEN p ELSE upper(left(p, 1)) || substr(p, 2) END, '' ORDER BY n)
    FROM unnest(string_to_array(column_name, '_')) WITH ORDINALITY AS parts (p, n)
$$;

-- The document of a row: its document column where it has one, else its other columns as fields.
CREATE FUNCTION catalog_legacy_document(item jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    column_name text;
    value jsonb;
BEGIN
    FOREACH column_name IN ARRAY ARRAY['doc', 'document', 'data', 'spec', 'entity'] LOOP
        CONTINUE WHEN NOT item ? column_name;
        value := item->column_name;
        IF jsonb_typeof(value) = 'string' THEN
            value := catalog_legacy_value(value);
        END IF;
        IF jsonb_typeof(value) = 'object' THEN
            RETURN jsonb_build_object('name', item->'name') || value;
        END IF;
    END LOOP;
    RETURN (
        SELECT jsonb_object_agg(
            CASE WHEN position('_' IN e.key) > 0 THEN catalog_legacy_field(e.key) ELSE e.key END,
            CASE WHEN left(e.value::text, 2) IN ('"{', '"[') THEN catalog_legacy_value(e.value) ELSE e.value END)
        FROM jsonb_each(item) e
        WHERE e.value <> 'null' AND e.key <> ALL (ARRAY[
            'id', 'namespace', 'source', 'source_id', 'created_at', 'updated_at', 'deleted_at',
            'create_time_since_epoch', 'last_update_time_since_epoch']));
END
$$;

-- Tells where a row goes and what of it; a row that was deleted softly or has no name goes nowhere.
CREATE FUNCTION catalog_legacy_entity(item jsonb)
RETURNS TABLE (source text, name text, doc jsonb, created_at timestamptz, updated_at timestamptz)
LANGUAGE sql STABLE ROWS 1 AS $$
    SELECT COALESCE(NULLIF(item->>'source_id', ''), NULLIF(item->>'source', ''), 'api'),
        item->>'name', catalog_legacy_document(item),
        catalog_legacy_time(COALESCE(item->'created_at', item->'create_time_since_epoch')),
        catalog_legacy_time(COALESCE(
            item->'updated_at', item->'last_update_time_since_epoch', item->'created_at',
            item->'create_time_since_epoch'))
    WHERE item->>'name' <> '' AND item->>'deleted_at' IS NULL
$$;

-- What an old binary writes to its table meanwhile reaches `entities` in the same transaction.
CREATE FUNCTION catalog_legacy_mirror() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    before constant jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    after constant jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    old_source text;
    old_name text;
BEGIN
    SELECT e.source, e.name INTO old_source, old_name FROM catalog_legacy_entity(before) e;
    DELETE FROM entities e
    WHERE e.namespace = 'default' AND e.plugin = TG_ARGV[0] AND e.kind = TG_ARGV[1]
        AND e.source = old_source AND e.name = old_name
        AND NOT EXISTS (
            SELECT FROM catalog_legacy_entity(after) a WHERE (a.source, a.name) = (old_source, old_name));
    INSERT INTO entities AS e (namespace, plugin, kind, source, name, doc, created_at)
    SELECT 'default', TG_ARGV[0], TG_ARGV[1], a.source, a.name, a.doc, a.created_at
    FROM catalog_legacy_entity(after) a
    ON CONFLICT (namespace, plugin, kind, source, name) DO UPDATE SET doc = EXCLUDED.doc
    WHERE e.doc <> EXCLUDED.doc;
    RETURN NULL;
END
$$;

-- Every uniqueness of the table that does not know the namespace, and how it is with it.
CREATE FUNCTION catalog_legacy_uniqueness(target text)
RETURNS TABLE (old_index text, constraint_name text, new_index text, definition text)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT c.relname::text, k.conname::text, left(c.relname, 54) || '_with_ns',
        format('(namespace, %s)%s',
            (SELECT string_agg(pg_get_indexdef(i.indexrelid, n, true), ', ' ORDER BY n)
                FROM generate_series(1, i.indnkeyatts) n),
            ' WHERE ' || pg_get_expr(i.indpred, i.indrelid))
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('u', 'p')
    WHERE i.indrelid = to_regclass(quote_ident(target)) AND i.indisunique
        AND NOT EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attname = 'namespace'
                AND a.attnum = ANY (i.indkey))
        -- The number of a row needs no namespace, and what others refer to cannot go.
        AND NOT EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attname = 'id'
                AND i.indnkeyatts = 1 AND a.attnum = i.indkey[0])
        AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conindid = i.indexrelid AND f.contype = 'f')
$$;

-- The steps before the copy, each a transaction of its own: 1 the column, a change of the catalog only; 2 the
-- uniqueness with the namespace, beside the old one, while others read; 3 the mirror of later writes.
CREATE FUNCTION catalog_legacy_prepare(target text, step int) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    import legacy_imports%ROWTYPE;
    u record;
BEGIN
    SELECT * INTO STRICT import FROM legacy_imports i WHERE i.table_name = target;
    PERFORM set_config('lock_timeout', '2s', true);
    CASE step
    WHEN 1 THEN
        EXECUTE format(
            'ALTER TABLE %I ADD COLUMN IF NOT EXISTS namespace text NOT NULL DEFAULT ''default''', target);
    WHEN 2 THEN
        FOR u IN SELECT * FROM catalog_legacy_uniqueness(target) LOOP
            EXECUTE format('CREATE UNIQUE INDEX IF NOT EXISTS %I ON %I %s', u.new_index, target, u.definition);
        END LOOP;
    WHEN 3 THEN
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER zz_catalog_legacy_mirror AFTER INSERT OR UPDATE OR DELETE ON %I
             FOR EACH ROW EXECUTE FUNCTION catalog_legacy_mirror(%L, %L)', target, import.plugin, import.kind);
        EXECUTE format(
            'UPDATE legacy_imports SET rows_total = (SELECT count(*) FROM %I) WHERE table_name = %L',
            target, target);
    END CASE;
END
$$;

-- Copies the next batch; the writers of the old table wait meanwhile, its readers do not.
CREATE FUNCTION catalog_legacy_copy(target text, batch int)
RETURNS TABLE (total_read bigint, total_copied bigint, is_complete boolean)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    import legacy_imports%ROWTYPE;
    read_now bigint;
    copied_now bigint;
    new_key text;
BEGIN
    PERFORM set_config('lock_timeout', '2s', true), set_config('catalog.keep_times', 'on', true),
        set_config('catalog.actor', 'single-tenant import', true);
    SELECT * INTO STRICT import FROM legacy_imports i WHERE i.table_name = target FOR UPDATE;
    -- First of all locks: a writer holds it before it waits for the namespace.
    EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', target);
    EXECUTE format(
        'WITH batch AS MATERIALIZED (
             SELECT to_jsonb(t) AS item, %1$s AS key, row_number() OVER (%2$s) AS place FROM %3$I t %4$s %2$s LIMIT %5$s
         ), written AS (
             INSERT INTO entities (namespace, plugin, kind, source, name, doc, created_at, updated_at)
             SELECT ''default'', $2, $3, e.source, e.name, e.doc, e.created_at, e.updated_at
             FROM batch b CROSS JOIN LATERAL catalog_legacy_entity(b.item) e ORDER BY b.place
             ON CONFLICT (namespace, plugin, kind, source, name) DO NOTHING RETURNING 1
         )
         SELECT (SELECT count(*) FROM batch), (SELECT count(*) FROM written),
             (SELECT b.key FROM batch b ORDER BY b.place DESC LIMIT 1)',
        CASE WHEN import.key_column IS NULL THEN 'NULL::text' ELSE format('t.%I::text', import.key_column) END,
        CASE WHEN import.key_column IS NULL THEN '' ELSE format('ORDER BY t.%I', import.key_column) END, target,
        CASE WHEN import.last_key IS NULL THEN ''
            ELSE format('WHERE t.%I > $1::%s', import.key_column, import.key_type) END,
        CASE WHEN import.key_column IS NULL THEN 'ALL' ELSE batch::text END)
    INTO read_now, copied_now, new_key USING import.last_key, import.plugin, import.kind;
    UPDATE legacy_imports i
    SET rows_read = i.rows_read + read_now, rows_copied = i.rows_copied + copied_now,
        last_key = COALESCE(new_key, i.last_key)
    WHERE i.table_name = target RETURNING i.rows_read, i.rows_copied INTO total_read, total_copied;
    is_complete := import.key_column IS NULL OR read_now < batch;
    RETURN NEXT;
END
$$;

-- After the last batch: the uniqueness without namespace goes, as its successor is there.
CREATE FUNCTION catalog_legacy_finish(target text) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    u record;
BEGIN
    PERFORM set_config('lock_timeout', '2s', true);
    FOR u IN SELECT * FROM catalog_legacy_uniqueness(target) LOOP
        IF u.constraint_name IS NULL THEN
            EXECUTE format('DROP INDEX %I', u.old_index);
        ELSE
            EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', target, u.constraint_name);
        END IF;
    END LOOP;
    UPDATE legacy_imports SET finished_at = clock_timestamp() WHERE table_name = target;
END
$$;

REVOKE ALL ON FUNCTION catalog_legacy_prepare(text, int), catalog_legacy_copy(text, int),
    catalog_legacy_finish(text) FROM PUBLIC;

-- A table counts when its name is one of the era's, it has names and it knows no namespace.
INSERT INTO legacy_imports (table_name, plugin, kind, key_column, key_type)
SELECT c.relname, known.plugin, known.kind, key.attname, key.type
FROM (VALUES
    ('agents', 'Agent', '{agents,agents_agents}'),
    ('guardrails', 'Guardrail', '{guardrails,guardrails_guardrails}'),
    ('knowledge', 'KnowledgeSource',
        '{knowledge_sources,knowledgesources,knowledge_knowledgesources,knowledge_knowledge_sources}'),
    ('mcp', 'McpServer', '{mcp_servers,mcpservers,mcp_mcpservers,mcp_mcp_servers}'),
    ('model', 'CatalogModel', '{catalog_models,models,model_models,model_catalog_models}'),
    ('policies', 'Policy', '{policies,policies_policies}'),
    ('prompts', 'PromptTemplate',
        '{prompt_templates,prompttemplates,prompts,prompts_prompttemplates,prompts_prompt_templates}'),
    ('skills', 'Skill', '{skills,skills_skills}')
) AS known (plugin, kind, names)
JOIN pg_class c ON c.relkind = 'r' AND NOT c.relispartition
    AND c.relnamespace = to_regnamespace(quote_ident(current_schema()))
    AND c.relname = ANY (known.names::text[] || ARRAY[known.plugin || '_entities'])
LEFT JOIN LATERAL (
    SELECT a.attname, format_type(a.atttypid, NULL) AS type
    FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indnkeyatts = 1 AND i.indpred IS NULL AND a.attnotnull
    ORDER BY i.indisprimary DESC, a.attname LIMIT 1
) key ON true
WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'name' AND NOT a.attisdropped)
    AND NOT EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'namespace' AND NOT a.attisdropped);
