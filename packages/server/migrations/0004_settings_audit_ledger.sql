-- Settings, the audit of their changes, and the proof of what was purged.

-- Values are text, so that an operator can insert one by SQL before the first start.
CREATE TABLE site_configs (
    key text NOT NULL,
    value text NOT NULL,
    CONSTRAINT site_configs_key_key UNIQUE (key)
);

CREATE TABLE user_configs (
    user_id uuid NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    CONSTRAINT user_configs_pkey PRIMARY KEY (user_id, key),
    CONSTRAINT user_configs_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE TABLE audit_logs (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    time timestamptz NOT NULL DEFAULT now(),
    -- Null where the system or an operator at the command line acted. No foreign key: the entry outlives the person.
    user_id uuid,
    organization_id uuid,
    ip inet,
    user_agent text,
    resource_type text NOT NULL,
    resource_id text NOT NULL DEFAULT '',
    resource_target text NOT NULL DEFAULT '',
    action text NOT NULL,
    -- {field: {old, new}}
    diff jsonb NOT NULL DEFAULT '{}',
    status_code integer NOT NULL DEFAULT 0,
    additional_fields jsonb NOT NULL DEFAULT '{}',
    request_id uuid,
    CONSTRAINT audit_logs_pkey PRIMARY KEY (id)
);

CREATE INDEX audit_logs_time_idx ON audit_logs (time DESC, id DESC);

-- One row for every iteration and policy: running at its start, counted up in the transaction of each batch, and closed as
-- aborted by the next purger where its own died.
CREATE TABLE purge_ledger (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    tick_id uuid NOT NULL,
    policy text NOT NULL,
    record_type text NOT NULL,
    outcome text NOT NULL DEFAULT 'running',
    -- Days; null where the window could not be read.
    window_days integer,
    -- Null where the window is 0 or could not be read.
    cutoff timestamptz,
    expired bigint NOT NULL DEFAULT 0,
    deleted bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    batches integer NOT NULL DEFAULT 0,
    remaining bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    duration_ms bigint,
    -- A code and a sentence, never recorded content.
    error text,
    -- Host and process of the purger.
    replica text NOT NULL DEFAULT '',
    CONSTRAINT purge_ledger_pkey PRIMARY KEY (id),
    CONSTRAINT purge_ledger_outcome_known CHECK (outcome IN ('running', 'success', 'failure', 'disabled', 'aborted'))
);

CREATE INDEX purge_ledger_started_at_idx ON purge_ledger (started_at DESC, id DESC);
CREATE INDEX purge_ledger_running_idx ON purge_ledger (started_at) WHERE outcome = 'running';

-- Notifications that must survive a crash between the commit and their delivery.
CREATE TABLE digest_outbox (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    owner_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    payload jsonb NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    delivered_at timestamptz,
    CONSTRAINT digest_outbox_pkey PRIMARY KEY (id),
    CONSTRAINT digest_outbox_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX digest_outbox_due_idx ON digest_outbox (next_attempt_at) WHERE delivered_at IS NULL;
CREATE INDEX digest_outbox_owner_id_idx ON digest_outbox (owner_id);
