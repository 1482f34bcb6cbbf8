-- Governance: what is said and decided about assets, which need not be entities of the catalog.

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- An asset's row orders its changes: every one locks it first, and the chain of audit events last.
CREATE TABLE governance_assets (
    namespace text COLLATE "C" NOT NULL,
    plugin text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    -- All sections but the lifecycle, as clients see them.
    sections jsonb NOT NULL DEFAULT '{"risk": {"level": "medium"}}'
        CONSTRAINT governance_assets_sections_object CHECK (jsonb_typeof(sections) = 'object'),
    state text COLLATE "C" NOT NULL DEFAULT 'draft'
        CONSTRAINT governance_assets_state CHECK (state IN ('draft', 'approved', 'deprecated', 'archived')),
    state_reason text NOT NULL DEFAULT '',
    changed_by text NOT NULL DEFAULT '',
    changed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (namespace, plugin, kind, name)
);

CREATE TABLE governance_versions (
    namespace text COLLATE "C" NOT NULL,
    plugin text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    version_id text COLLATE "C" NOT NULL,
    label text NOT NULL,
    reason text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by text NOT NULL,
    -- Of the entity's document at that time; null where there was no entity.
    content_digest text,
    snapshot jsonb,
    provenance jsonb,
    PRIMARY KEY (namespace, plugin, kind, name, version_id),
    FOREIGN KEY (namespace, plugin, kind, name) REFERENCES governance_assets
);
CREATE INDEX governance_versions_newest
    ON governance_versions (namespace, plugin, kind, name, created_at DESC, version_id DESC);

CREATE TABLE governance_bindings (
    namespace text COLLATE "C" NOT NULL,
    plugin text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    environment text COLLATE "C" NOT NULL,
    version_id text COLLATE "C" NOT NULL,
    previous_version_id text COLLATE "C",
    bound_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    bound_by text NOT NULL,
    PRIMARY KEY (namespace, plugin, kind, name, environment),
    -- A version is bound to its own asset only.
    FOREIGN KEY (namespace, plugin, kind, name, version_id) REFERENCES governance_versions
);

CREATE TABLE governance_approvals (
    id uuid PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    plugin text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    action text NOT NULL,
    from_state text COLLATE "C" NOT NULL,
    to_state text COLLATE "C" NOT NULL,
    policy_id text COLLATE "C" NOT NULL,
    required_count int NOT NULL,
    status text COLLATE "C" NOT NULL DEFAULT 'pending'
        CONSTRAINT governance_approvals_status
        CHECK (status IN ('pending', 'approved', 'denied', 'canceled', 'expired')),
    requester text NOT NULL,
    reason text NOT NULL DEFAULT '',
    resolved_at timestamptz,
    resolved_by text,
    resolution_note text,
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (namespace, plugin, kind, name) REFERENCES governance_assets
);
CREATE INDEX governance_approvals_newest ON governance_approvals (namespace, created_at DESC, id DESC);
CREATE INDEX governance_approvals_asset
    ON governance_approvals (namespace, plugin, kind, name, created_at DESC, id DESC);
CREATE INDEX governance_approvals_expiry ON governance_approvals (expires_at) WHERE status = 'pending';

-- A reviewer decides once.
CREATE TABLE governance_decisions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    request_id uuid NOT NULL REFERENCES governance_approvals,
    reviewer text COLLATE "C" NOT NULL,
    verdict text COLLATE "C" NOT NULL
        CONSTRAINT governance_decisions_verdict CHECK (verdict IN ('approve', 'deny')),
    comment text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (request_id, reviewer)
);

-- A change that waits for approval has neither succeeded nor failed.
ALTER TABLE audit_events DROP CONSTRAINT audit_events_outcome;
ALTER TABLE audit_events ADD CONSTRAINT audit_events_outcome
    CHECK (outcome IN ('success', 'failure', 'denied', 'pending'));
CREATE INDEX audit_events_asset ON audit_events (namespace, asset_uid, created_at DESC, id DESC)
    WHERE asset_uid IS NOT NULL;
