-- What a write takes with it in the same transaction: audit events, jobs, idempotency keys, sources.

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

CREATE TABLE audit_events (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    namespace text COLLATE "C" NOT NULL,
    correlation_id text,
    event_type text NOT NULL,
    actor text NOT NULL,
    request_id text,
    plugin text,
    resource_type text,
    resource_ids text[],
    asset_uid text,
    version_id text,
    action text,
    action_verb text,
    outcome text NOT NULL CONSTRAINT audit_events_outcome CHECK (outcome IN ('success', 'failure', 'denied')),
    status_code int,
    reason text,
    old_value jsonb,
    new_value jsonb,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The list is newest first and pages by (created_at, id); each filter has its own way in.
CREATE INDEX audit_events_newest ON audit_events (namespace, created_at DESC, id DESC);
CREATE INDEX audit_events_event_type ON audit_events (event_type);
CREATE INDEX audit_events_plugin ON audit_events (plugin);
CREATE INDEX audit_events_actor ON audit_events (actor);
-- For retention only: rows arrive in the order of time, so block ranges are enough and cost writes nothing.
CREATE INDEX audit_events_age ON audit_events USING brin (created_at);

CREATE TABLE refresh_jobs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    namespace text COLLATE "C" NOT NULL,
    plugin text COLLATE "C" NOT NULL,
    source_id text COLLATE "C" NOT NULL DEFAULT '_all',
    requested_by text NOT NULL DEFAULT 'anonymous',
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text COLLATE "C" NOT NULL DEFAULT 'queued'
        CONSTRAINT refresh_jobs_state CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'canceled')),
    progress text,
    message text,
    started_at timestamptz,
    finished_at timestamptz,
    attempt_count int NOT NULL DEFAULT 0,
    last_error text,
    idempotency_key text COLLATE "C" NOT NULL,
    entities_loaded int,
    entities_removed int,
    duration_ms bigint,
    -- Backoff: a queued job is not claimed before this.
    not_before timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- A running job looks at this between steps.
    cancel_requested boolean NOT NULL DEFAULT false,
    -- The revision whose write asked for the job.
    caused_by_revision bigint
);

-- A job that waits or runs stands for every later request of its key; a finished one blocks nothing.
CREATE UNIQUE INDEX refresh_jobs_active_key ON refresh_jobs (idempotency_key)
    WHERE state IN ('queued', 'running');
-- Claim: oldest queued first, FOR UPDATE SKIP LOCKED.
CREATE INDEX refresh_jobs_claim ON refresh_jobs (requested_at, id) WHERE state = 'queued';
-- Stuck jobs, and the limits per namespace and plugin.
CREATE INDEX refresh_jobs_running ON refresh_jobs (started_at) WHERE state = 'running';
CREATE INDEX refresh_jobs_newest ON refresh_jobs (namespace, requested_at DESC, id DESC);
CREATE INDEX refresh_jobs_finished ON refresh_jobs (finished_at)
    WHERE state IN ('succeeded', 'failed', 'canceled');

-- The answer to a write is kept with it: a repeated request gets the same bytes, another body gets a conflict.
CREATE TABLE idempotency_keys (
    namespace text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    request_digest bytea NOT NULL,
    status int,
    headers jsonb,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (namespace, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys USING brin (created_at);

-- Sources as configured, and the state of their last refresh.
CREATE TABLE catalog_sources (
    namespace text COLLATE "C" NOT NULL DEFAULT 'default',
    plugin text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    labels text[] NOT NULL DEFAULT '{}',
    properties jsonb NOT NULL DEFAULT '{}'
        CONSTRAINT catalog_sources_properties_object CHECK (jsonb_typeof(properties) = 'object'),
    included_items text[] NOT NULL DEFAULT '{}',
    excluded_items text[] NOT NULL DEFAULT '{}',
    -- The place in the list, as in the file.
    position int NOT NULL DEFAULT 0,
    -- The directory that relative paths start from.
    origin text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'loading'
        CONSTRAINT catalog_sources_state CHECK (state IN ('available', 'error', 'disabled', 'loading')),
    last_refresh_time timestamptz,
    last_refresh_status text
        CONSTRAINT catalog_sources_refresh_status CHECK (last_refresh_status IN ('success', 'error')),
    last_refresh_summary text,
    entity_count bigint NOT NULL DEFAULT 0,
    error text,
    PRIMARY KEY (namespace, plugin, id)
);
CREATE INDEX catalog_sources_position ON catalog_sources (namespace, plugin, position, id);

-- The lock where advisory locks are not to be had; one row, id 'migration', stale after five minutes.
CREATE TABLE migration_lock (
    id text PRIMARY KEY,
    locked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    locked_by text NOT NULL
);
