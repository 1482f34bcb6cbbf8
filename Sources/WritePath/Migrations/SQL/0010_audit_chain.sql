-- Tamper evidence: each audit event of a namespace carries the hash of the one before.

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- The end of each namespace's chain, and where it begins since the last retention. Its row orders the
-- namespace's events: it is locked from an event's insertion to the commit, and is always the last lock.
CREATE TABLE audit_chains (
    namespace text COLLATE "C" PRIMARY KEY,
    sequence bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    last_at timestamptz NOT NULL DEFAULT '-infinity',
    -- The last event that retention has removed: the first one that is left follows it.
    anchor_sequence bigint NOT NULL DEFAULT 0,
    anchor_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
) WITH (fillfactor = 50);

ALTER TABLE audit_events
    ADD COLUMN sequence bigint,
    ADD COLUMN prev_hash bytea,
    ADD COLUMN hash bytea;

-- The SHA-256 of the event as the text of a jsonb array, which is the same for the same values.
CREATE FUNCTION catalog_audit_hash(e audit_events) RETURNS bytea
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

-- Gives an event its place behind the last one of its namespace. Its time is taken while the chain is
-- held, so that the order of the chain, of the commits and of the lists is one. A row that brings its
-- place comes from a restore and stays as it is. The id is looked for here and not left to ON CONFLICT,
-- which would drop the row after it has taken its place.
CREATE FUNCTION catalog_chain_audit_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    chain audit_chains%ROWTYPE;
BEGIN
    IF NEW.sequence IS NOT NULL THEN
        RETURN NEW;
    END IF;
    SELECT * INTO chain FROM audit_chains c WHERE c.namespace = NEW.namespace FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        INSERT INTO audit_chains (namespace) VALUES (NEW.namespace) ON CONFLICT (namespace) DO NOTHING;
        SELECT * INTO chain FROM audit_chains c WHERE c.namespace = NEW.namespace FOR NO KEY UPDATE;
    END IF;
    IF EXISTS (SELECT FROM audit_events e WHERE e.id = NEW.id) THEN
        RETURN NULL;
    END IF;
    NEW.sequence := chain.sequence + 1;
    NEW.prev_hash := chain.hash;
    NEW.created_at := GREATEST(clock_timestamp(), chain.last_at + interval '1 microsecond');
    NEW.hash := catalog_audit_hash(NEW);
    UPDATE audit_chains c SET sequence = NEW.sequence, hash = NEW.hash, last_at = NEW.created_at
    WHERE c.namespace = NEW.namespace;
    RETURN NEW;
END $$;

-- Removes up to `batch` events of a namespace that are older than `age`, oldest first, and leaves the
-- hash of the last one as the anchor of the rest. Returns how many went.
CREATE FUNCTION catalog_trim_audit(ns text, age interval, batch int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    edge audit_events%ROWTYPE;
    removed bigint;
BEGIN
    PERFORM FROM audit_chains c WHERE c.namespace = ns FOR NO KEY UPDATE;
    SELECT o.* INTO edge FROM (
        SELECT * FROM audit_events e
        WHERE e.namespace = ns AND e.created_at < clock_timestamp() - age
        ORDER BY e.created_at, e.id LIMIT batch) o
    ORDER BY o.created_at DESC, o.id DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    DELETE FROM audit_events e
    WHERE e.namespace = ns AND (e.created_at, e.id) <= (edge.created_at, edge.id);
    GET DIAGNOSTICS removed = ROW_COUNT;
    UPDATE audit_chains c SET anchor_sequence = edge.sequence, anchor_hash = edge.hash
    WHERE c.namespace = ns AND edge.hash IS NOT NULL;
    RETURN removed;
END $$;

-- The events that are there already get their places in the order of the lists.
DO $$
DECLARE
    event audit_events%ROWTYPE;
    chain audit_chains%ROWTYPE;
BEGIN
    FOR event IN SELECT * FROM audit_events ORDER BY namespace, created_at, id LOOP
        IF chain.namespace IS DISTINCT FROM event.namespace THEN
            INSERT INTO audit_chains (namespace) VALUES (event.namespace) RETURNING * INTO chain;
        END IF;
        event.sequence := chain.sequence + 1;
        event.prev_hash := chain.hash;
        event.hash := catalog_audit_hash(event);
        UPDATE audit_events e SET sequence = event.sequence, prev_hash = event.prev_hash, hash = event.hash
        WHERE e.id = event.id;
        chain.sequence := event.sequence;
        chain.hash := event.hash;
        UPDATE audit_chains c SET sequence = event.sequence, hash = event.hash, last_at = event.created_at
        WHERE c.namespace = event.namespace;
    END LOOP;
END $$;

CREATE TRIGGER audit_events_chain BEFORE INSERT ON audit_events
    FOR EACH ROW EXECUTE FUNCTION catalog_chain_audit_event();
ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_chain;

REVOKE ALL ON FUNCTION catalog_chain_audit_event(), catalog_trim_audit(text, interval, int) FROM PUBLIC;
