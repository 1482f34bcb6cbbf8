-- Documents of sources that lie outside of the database, and how long refreshes take.

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- The version of each document that the table of sources reflects, so that all replicas notice when somebody
-- else has changed it.
CREATE TABLE config_documents (
    -- Where it lies, such as "file:/config/sources.yaml".
    name text COLLATE "C" PRIMARY KEY,
    -- SHA-256 of the text, in hex digits.
    version text COLLATE "C" NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Nanoseconds of the last refresh, whether it succeeded or failed.
ALTER TABLE catalog_sources ADD COLUMN last_refresh_duration bigint;
