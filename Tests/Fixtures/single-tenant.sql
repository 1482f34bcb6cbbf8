-- A database of the single-tenant era: one table per plugin, no namespace, no audit_events, no refresh_jobs, no
-- migration_lock. The shapes differ as they did: a document column, plain columns, texts that hold JSON, keys.

CREATE TABLE mcp_servers (
    id bigserial PRIMARY KEY,
    name text NOT NULL,
    source_id text NOT NULL,
    external_id text,
    description text,
    deployment_mode text,
    supported_transports text,
    create_time_since_epoch bigint,
    last_update_time_since_epoch bigint,
    CONSTRAINT mcp_servers_source_name UNIQUE (source_id, name)
);
INSERT INTO mcp_servers (name, source_id, external_id, description, deployment_mode, supported_transports,
    create_time_since_epoch, last_update_time_since_epoch)
SELECT 'server-' || n, 'mcp-default', 'x-' || n, '[draft] server ' || n, 'local', '["stdio","http"]',
    1600000000000 + n, 1700000000000 + n
FROM generate_series(1, 12) n;

CREATE TABLE agents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    doc jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE UNIQUE INDEX agents_name ON agents (lower(name)) WHERE deleted_at IS NULL;
INSERT INTO agents (name, doc, created_at, updated_at, deleted_at) VALUES
    ('acme/planner',
        '{"name": "acme/planner", "agentType": "router", "labels": ["a", "b"], "extra": {"x": [1, null]}}',
        '2021-03-04 05:06:07.891+00', '2022-03-04 05:06:07.891+00', NULL),
    ('gone', '{"name": "gone"}', '2021-01-01', '2021-01-01', '2021-02-01');

CREATE TABLE knowledge_sources (name text PRIMARY KEY, source text, source_type text, document_count int);
INSERT INTO knowledge_sources VALUES ('handbook', 'docs', 'document', 7), ('wiki', NULL, 'url', 3);

CREATE TABLE guardrails (
    id serial PRIMARY KEY, name varchar(255) NOT NULL UNIQUE, data text NOT NULL, created_at timestamp);
INSERT INTO guardrails (name, data, created_at) VALUES
    ('no-pii', '{"name": "no-pii", "enforcementMode": "required"}', '2020-01-02 03:04:05');

CREATE TABLE policies (id serial PRIMARY KEY, name text NOT NULL, spec jsonb NOT NULL);
INSERT INTO policies (name, spec) VALUES ('deny-all', '{"language": "rego"}');

-- No key at all.
CREATE TABLE prompt_templates (name text, format text, task_tags text);
INSERT INTO prompt_templates VALUES ('greet', 'jinja2', '["chat"]'), ('', 'raw', NULL), (NULL, 'raw', NULL);

-- As empty as it was before its plugin was used.
CREATE TABLE skills (id serial PRIMARY KEY, name text NOT NULL UNIQUE, doc jsonb NOT NULL);

-- Not one of the era's: it is left alone.
CREATE TABLE mcp_notes (id serial PRIMARY KEY, name text);
INSERT INTO mcp_notes (name) VALUES ('keep');

-- An own table that has the name which the partition of the plugin would have.
CREATE TABLE model_entities (
    id serial PRIMARY KEY, name text NOT NULL UNIQUE, doc jsonb NOT NULL, created_at timestamptz);
INSERT INTO model_entities (name, doc, created_at) VALUES
    ('org/model', '{"name": "org/model", "provider": "org"}', '2019-05-05 00:00:00+00');
