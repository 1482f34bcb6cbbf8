-- The table of audit events can be dropped and restored by itself: no function names its row type any more.

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- The SHA-256 of the event as the text of a jsonb array, which is the same for the same values.
CREATE FUNCTION catalog_audit_hash(e record) RETURNS bytea
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_array(
        e.id::text, e.namespace, e.sequence,
        pg_catalog.floor(EXTRACT(epoch FROM e.created_at) * 1000000)::bigint,
        e.event_type, e.actor, e.outcome, e.correlation_id, e.request_id, e.plugin, e.resource_type,
        pg_catalog.to_jsonb(e.resource_ids), e.asset_uid, e.version_id, e.action, e.action_verb,
        e.status_code, e.reason, e.old_value, e.new_value, e.metadata,
        pg_catalog.encode(e.prev_hash, 'hex'))::text, 'UTF8'));
END $$;

DROP FUNCTION catalog_audit_hash(audit_events);
