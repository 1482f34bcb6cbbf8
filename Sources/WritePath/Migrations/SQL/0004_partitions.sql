-- Puts the triggers on the parent and makes the partitions of the eight plugins.

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- The row trigger sits on the parent and is cloned to each partition, present and future, with its ALWAYS.
-- Its name sorts last, so the digest is over what an operator's own BEFORE triggers made of the row.
CREATE TRIGGER zz_catalog_stamp BEFORE INSERT OR UPDATE OR DELETE ON entities
    FOR EACH ROW EXECUTE FUNCTION catalog_stamp();
ALTER TABLE entities ENABLE ALWAYS TRIGGER zz_catalog_stamp;

-- Statement triggers are not cloned: each table gets its own four. Run again, it repairs what is missing or
-- was disabled.
CREATE FUNCTION catalog_attach_triggers(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER catalog_log_insert AFTER INSERT ON %1$s
             REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_log_changed();
         CREATE OR REPLACE TRIGGER catalog_log_delete AFTER DELETE ON %1$s
             REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_log_changed();
         CREATE OR REPLACE TRIGGER catalog_log_update AFTER UPDATE ON %1$s
             REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
             FOR EACH STATEMENT EXECUTE FUNCTION catalog_log_updated();
         CREATE OR REPLACE TRIGGER catalog_log_truncate BEFORE TRUNCATE ON %1$s
             FOR EACH STATEMENT EXECUTE FUNCTION catalog_log_truncated();
         ALTER TABLE %1$s ENABLE ALWAYS TRIGGER catalog_log_insert;
         ALTER TABLE %1$s ENABLE ALWAYS TRIGGER catalog_log_delete;
         ALTER TABLE %1$s ENABLE ALWAYS TRIGGER catalog_log_update;
         ALTER TABLE %1$s ENABLE ALWAYS TRIGGER catalog_log_truncate;
         ALTER TABLE %1$s ENABLE ALWAYS TRIGGER zz_catalog_stamp;',
        target);
END
$$;

-- Gives a plugin its own partition `<plugin>_entities` and moves its rows there from the default one.
-- The rows stay what they are (identity, revision, digest), so the move is no change and is not logged: the
-- default partition's triggers rest meanwhile, under a lock that keeps every other writer out.
-- Returns the partition; a plugin that has one gets its triggers checked.
CREATE FUNCTION catalog_attach_plugin(plugin text) RETURNS regclass
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    stem constant text := left(trim('_' from regexp_replace(lower(plugin), '[^a-z0-9]+', '_', 'g')), 40);
    table_name text := stem || '_entities';
    partition regclass;
BEGIN
    IF COALESCE(plugin, '') = '' THEN
        RAISE EXCEPTION 'a plugin name is needed' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    LOCK TABLE entities IN ACCESS EXCLUSIVE MODE;
    SELECT c.oid INTO partition FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'entities'::regclass
        AND pg_get_expr(c.relpartbound, c.oid) = format('FOR VALUES IN (%L)', plugin);
    IF FOUND THEN
        PERFORM catalog_attach_triggers(partition);
        RETURN partition;
    END IF;
    -- Two plugins whose names differ only in punctuation, or one called "other".
    IF stem = '' OR to_regclass(quote_ident(table_name)) IS NOT NULL THEN
        table_name := stem || '_' || left(md5(plugin), 8) || '_entities';
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE entities INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', table_name);
    partition := quote_ident(table_name)::regclass;
    IF EXISTS (SELECT FROM other_entities o WHERE o.plugin = catalog_attach_plugin.plugin) THEN
        ALTER TABLE other_entities DISABLE TRIGGER USER;
        EXECUTE format(
            'WITH moved AS (DELETE FROM other_entities o WHERE o.plugin = $1 RETURNING o.*)
             INSERT INTO %s SELECT * FROM moved', partition) USING plugin;
        PERFORM catalog_attach_triggers('other_entities');
    END IF;
    EXECUTE format('ALTER TABLE entities ATTACH PARTITION %s FOR VALUES IN (%L)', partition, plugin);
    PERFORM catalog_attach_triggers(partition);
    RETURN partition;
END
$$;

REVOKE ALL ON FUNCTION catalog_attach_triggers(regclass), catalog_attach_plugin(text) FROM PUBLIC;

SELECT catalog_attach_triggers('entities'), catalog_attach_triggers('other_entities');

SELECT catalog_attach_plugin(p) FROM unnest(
    ARRAY['agents', 'guardrails', 'knowledge', 'mcp', 'model', 'policies', 'prompts', 'skills']) AS p;
