-- What lies beside the entities: audit events with their chain, jobs, answers to repeat, sources, governance.

CREATE TABLE audit_events (
    id TEXT NOT NULL PRIMARY KEY DEFAULT (gen_random_uuid()),
    namespace TEXT NOT NULL,
    correlation_id TEXT,
    event_type TEXT NOT NULL,
    actor TEXT NOT NULL,
    request_id TEXT,
    plugin TEXT,
    resource_type TEXT,
    resource_ids TEXT,
    asset_uid TEXT,
    version_id TEXT,
    action TEXT,
    action_verb TEXT,
    outcome TEXT NOT NULL CONSTRAINT audit_events_outcome
        CHECK (outcome IN ('success', 'failure', 'denied', 'pending')),
    status_code INTEGER,
    reason TEXT,
    old_value TEXT,
    new_value TEXT,
    metadata TEXT,
    created_at INTEGER NOT NULL DEFAULT (clock_timestamp()),
    sequence INTEGER,
    prev_hash BLOB,
    hash BLOB
);
CREATE INDEX audit_events_newest ON audit_events (namespace, created_at DESC, id DESC);
CREATE INDEX audit_events_event_type ON audit_events (event_type);
CREATE INDEX audit_events_plugin ON audit_events (plugin);
CREATE INDEX audit_events_actor ON audit_events (actor);
CREATE INDEX audit_events_asset ON audit_events (namespace, asset_uid, created_at DESC, id DESC)
    WHERE asset_uid IS NOT NULL;

CREATE TABLE audit_chains (
    namespace TEXT NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL DEFAULT 0,
    hash BLOB NOT NULL DEFAULT (zeroblob(32)),
    last_at INTEGER NOT NULL DEFAULT 0,
    anchor_sequence INTEGER NOT NULL DEFAULT 0,
    anchor_hash BLOB NOT NULL DEFAULT (zeroblob(32))
) WITHOUT ROWID;

-- Gives an event its place behind the last one of its namespace. A row that brings its place comes from
-- elsewhere and stays as it is.
CREATE TRIGGER audit_events_chain AFTER INSERT ON audit_events WHEN NEW.sequence IS NULL
BEGIN
    INSERT INTO audit_chains (namespace) VALUES (NEW.namespace) ON CONFLICT (namespace) DO NOTHING;
    UPDATE audit_events
    SET (sequence, prev_hash, created_at) = (
        SELECT c.sequence + 1, c.hash, max(clock_timestamp(), c.last_at + 1)
        FROM audit_chains c WHERE c.namespace = NEW.namespace)
    WHERE id = NEW.id;
    UPDATE audit_events
    SET hash = sha256(catalog_jsonb(json_array(
        id, namespace, sequence, created_at, event_type, actor, outcome, correlation_id, request_id,
        plugin, resource_type, json(resource_ids), asset_uid, version_id, action, action_verb,
        status_code, reason, json(old_value), json(new_value), json(metadata),
        encode(prev_hash, 'hex'))))
    WHERE id = NEW.id;
    UPDATE audit_chains
    SET (sequence, hash, last_at) = (
        SELECT e.sequence, e.hash, e.created_at FROM audit_events e WHERE e.id = NEW.id)
    WHERE namespace = NEW.namespace;
END;

CREATE TABLE refresh_jobs (
    id TEXT NOT NULL PRIMARY KEY DEFAULT (gen_random_uuid()),
    namespace TEXT NOT NULL,
    plugin TEXT NOT NULL,
    source_id TEXT NOT NULL DEFAULT '_all',
    requested_by TEXT NOT NULL DEFAULT 'anonymous',
    requested_at INTEGER NOT NULL DEFAULT (clock_timestamp()),
    state TEXT NOT NULL DEFAULT 'queued' CONSTRAINT refresh_jobs_state
        CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'canceled')),
    progress TEXT,
    message TEXT,
    started_at INTEGER,
    finished_at INTEGER,
    attempt_count INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    idempotency_key TEXT NOT NULL,
    entities_loaded INTEGER,
    entities_removed INTEGER,
    duration_ms INTEGER,
    not_before INTEGER NOT NULL DEFAULT (clock_timestamp()),
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    caused_by_revision INTEGER
);
CREATE UNIQUE INDEX refresh_jobs_active_key ON refresh_jobs (idempotency_key)
    WHERE state IN ('queued', 'running');
CREATE INDEX refresh_jobs_claim ON refresh_jobs (requested_at, id) WHERE state = 'queued';
CREATE INDEX refresh_jobs_running ON refresh_jobs (started_at) WHERE state = 'running';
CREATE INDEX refresh_jobs_newest ON refresh_jobs (namespace, requested_at DESC, id DESC);
CREATE INDEX refresh_jobs_finished ON refresh_jobs (finished_at)
    WHERE state IN ('succeeded', 'failed', 'canceled');

CREATE TABLE idempotency_keys (
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    request_digest BLOB NOT NULL,
    status INTEGER,
    headers TEXT,
    body BLOB,
    created_at INTEGER NOT NULL DEFAULT (clock_timestamp()),
    PRIMARY KEY (namespace, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE catalog_sources (
    namespace TEXT NOT NULL DEFAULT 'default',
    plugin TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    enabled INTEGER NOT NULL DEFAULT 1,
    labels TEXT NOT NULL DEFAULT '[]',
    properties TEXT NOT NULL DEFAULT '{}' CONSTRAINT catalog_sources_properties_object
        CHECK (json_type(properties) = 'object'),
    included_items TEXT NOT NULL DEFAULT '[]',
    excluded_items TEXT NOT NULL DEFAULT '[]',
    position INTEGER NOT NULL DEFAULT 0,
    origin TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'loading' CONSTRAINT catalog_sources_state
        CHECK (state IN ('available', 'error', 'disabled', 'loading')),
    last_refresh_time INTEGER,
    last_refresh_status TEXT CONSTRAINT catalog_sources_refresh_status
        CHECK (last_refresh_status IN ('success', 'error')),
    last_refresh_summary TEXT,
    entity_count INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    last_refresh_duration INTEGER,
    error_code TEXT,
    PRIMARY KEY (namespace, plugin, id)
);
CREATE INDEX catalog_sources_position ON catalog_sources (namespace, plugin, position, id);

CREATE TABLE config_documents (
    name TEXT NOT NULL PRIMARY KEY,
    version TEXT NOT NULL,
    changed_at INTEGER NOT NULL DEFAULT (clock_timestamp())
);

CREATE TABLE source_revisions (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace TEXT NOT NULL,
    plugin TEXT NOT NULL,
    source TEXT NOT NULL,
    version TEXT NOT NULL,
    definition TEXT CONSTRAINT source_revisions_object
        CHECK (definition IS NULL OR json_type(definition) = 'object'),
    size INTEGER NOT NULL,
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL DEFAULT (clock_timestamp())
);
CREATE INDEX source_revisions_source ON source_revisions (namespace, plugin, source, sequence);

CREATE TABLE governance_assets (
    namespace TEXT NOT NULL,
    plugin TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    sections TEXT NOT NULL DEFAULT '{"risk": {"level": "medium"}}'
        CONSTRAINT governance_assets_sections_object CHECK (json_type(sections) = 'object'),
    state TEXT NOT NULL DEFAULT 'draft' CONSTRAINT governance_assets_state
        CHECK (state IN ('draft', 'approved', 'deprecated', 'archived')),
    state_reason TEXT NOT NULL DEFAULT '',
    changed_by TEXT NOT NULL DEFAULT '',
    changed_at INTEGER,
    created_at INTEGER NOT NULL DEFAULT (clock_timestamp()),
    PRIMARY KEY (namespace, plugin, kind, name)
);

CREATE TABLE governance_versions (
    namespace TEXT NOT NULL,
    plugin TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version_id TEXT NOT NULL,
    label TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL DEFAULT (clock_timestamp()),
    created_by TEXT NOT NULL,
    content_digest TEXT,
    snapshot TEXT,
    provenance TEXT,
    PRIMARY KEY (namespace, plugin, kind, name, version_id),
    FOREIGN KEY (namespace, plugin, kind, name) REFERENCES governance_assets
);
CREATE INDEX governance_versions_newest
    ON governance_versions (namespace, plugin, kind, name, created_at DESC, version_id DESC);

CREATE TABLE governance_bindings (
    namespace TEXT NOT NULL,
    plugin TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    environment TEXT NOT NULL,
    version_id TEXT NOT NULL,
    previous_version_id TEXT,
    bound_at INTEGER NOT NULL DEFAULT (clock_timestamp()),
    bound_by TEXT NOT NULL,
    PRIMARY KEY (namespace, plugin, kind, name, environment),
    FOREIGN KEY (namespace, plugin, kind, name, version_id) REFERENCES governance_versions
);

CREATE TABLE governance_approvals (
    id TEXT NOT NULL PRIMARY KEY,
    namespace TEXT NOT NULL,
    plugin TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    action TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    policy_id TEXT NOT NULL,
    required_count INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending' CONSTRAINT governance_approvals_status
        CHECK (status IN ('pending', 'approved', 'denied', 'canceled', 'expired')),
    requester TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    resolved_at INTEGER,
    resolved_by TEXT,
    resolution_note TEXT,
    expires_at INTEGER,
    created_at INTEGER NOT NULL DEFAULT (clock_timestamp()),
    FOREIGN KEY (namespace, plugin, kind, name) REFERENCES governance_assets
);
CREATE INDEX governance_approvals_newest ON governance_approvals (namespace, created_at DESC, id DESC);
CREATE INDEX governance_approvals_asset
    ON governance_approvals (namespace, plugin, kind, name, created_at DESC, id DESC);
CREATE INDEX governance_approvals_expiry ON governance_approvals (expires_at) WHERE status = 'pending';

CREATE TABLE governance_decisions (
    id TEXT NOT NULL PRIMARY KEY DEFAULT (gen_random_uuid()),
    request_id TEXT NOT NULL REFERENCES governance_approvals,
    reviewer TEXT NOT NULL,
    verdict TEXT NOT NULL CONSTRAINT governance_decisions_verdict
        CHECK (verdict IN ('approve', 'deny')),
    comment TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL DEFAULT (clock_timestamp()),
    UNIQUE (request_id, reviewer)
);

CREATE TABLE replicas (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    started_at INTEGER NOT NULL DEFAULT (clock_timestamp()),
    seen_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL
);

CREATE TABLE replica_positions (
    replica TEXT NOT NULL,
    namespace TEXT NOT NULL,
    epoch TEXT NOT NULL,
    revision INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, replica)
);
CREATE INDEX replica_positions_replica ON replica_positions (replica);
