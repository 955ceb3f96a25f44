-- Debug runs and steps: small rows only. What is large lives in chat_debug_payloads, so that deleting a run writes little
-- and the disk that its payloads took comes back by dropping partitions.

CREATE TABLE chat_debug_runs (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    chat_id uuid NOT NULL,
    -- Snapshots of what was so when the run started; they outlive what they name, hence no foreign keys.
    root_chat_id uuid,
    parent_chat_id uuid,
    model_config_id uuid,
    trigger_message_id bigint,
    history_tip_message_id bigint,
    kind text NOT NULL DEFAULT 'chat_turn',
    status text NOT NULL DEFAULT 'in_progress',
    provider text,
    model text,
    summary jsonb NOT NULL DEFAULT '{}',
    started_at timestamptz NOT NULL DEFAULT now(),
    -- The retention clock: set by every write to the run or its steps.
    updated_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    -- Which partition holds the payloads; null means started_at.
    payload_at timestamptz,
    CONSTRAINT chat_debug_runs_pkey PRIMARY KEY (id, chat_id),
    CONSTRAINT chat_debug_runs_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES chats (id) ON DELETE CASCADE,
    CONSTRAINT chat_debug_runs_kind_known CHECK (kind IN ('chat_turn', 'title_generation', 'quickgen', 'compaction')),
    CONSTRAINT chat_debug_runs_status_known CHECK (status IN ('in_progress', 'interrupted', 'error', 'completed'))
);

-- The newest runs of a chat; also what a chat's cascade reads.
CREATE INDEX chat_debug_runs_chat_newest_idx ON chat_debug_runs (chat_id, started_at DESC, id DESC);
-- The purge reads expired runs in this order, and its cursor walks it.
CREATE INDEX chat_debug_runs_updated_at_idx ON chat_debug_runs (updated_at, id);
-- The stale finaliser reads unfinished runs in this order.
CREATE INDEX chat_debug_runs_unfinished_idx ON chat_debug_runs (updated_at) WHERE finished_at IS NULL;
-- Whether a live run has its payloads in a partition.
CREATE INDEX chat_debug_runs_payload_at_idx ON chat_debug_runs ((coalesce(payload_at, started_at)));

CREATE TABLE chat_debug_steps (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    run_id uuid NOT NULL,
    chat_id uuid NOT NULL,
    step_number integer NOT NULL,
    operation text NOT NULL DEFAULT 'generate',
    status text NOT NULL DEFAULT 'in_progress',
    history_tip_message_id bigint,
    assistant_message_id bigint,
    usage jsonb,
    error jsonb,
    metadata jsonb NOT NULL DEFAULT '{}',
    started_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    -- The reference to the payload: its stored bytes, 0 where the step has none. Its place follows from the run.
    payload_bytes integer NOT NULL DEFAULT 0,
    CONSTRAINT chat_debug_steps_pkey PRIMARY KEY (id, chat_id),
    -- Led by chat and run, so that both cascades find their rows by it.
    CONSTRAINT chat_debug_steps_number_key UNIQUE (chat_id, run_id, step_number),
    CONSTRAINT chat_debug_steps_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES chats (id) ON DELETE CASCADE,
    CONSTRAINT chat_debug_steps_run_fkey FOREIGN KEY (run_id, chat_id)
        REFERENCES chat_debug_runs (id, chat_id) ON DELETE CASCADE,
    CONSTRAINT chat_debug_steps_number_from_one CHECK (step_number >= 1),
    CONSTRAINT chat_debug_steps_operation_known CHECK (operation IN ('stream', 'generate')),
    CONSTRAINT chat_debug_steps_status_known CHECK (status IN ('in_progress', 'interrupted', 'error', 'completed'))
);

-- Partitioned by the payload_at of the run. No foreign key points from it or to it, and it has no DEFAULT partition: either
-- would forbid detaching a partition without holding everyone up. Partitions are made by the application, before the
-- insert that needs them.
CREATE TABLE chat_debug_payloads (
    chat_id uuid NOT NULL,
    run_id uuid NOT NULL,
    step_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    -- Each part is JSON, compressed by the application; its first byte says how.
    request bytea,
    response bytea,
    attempts bytea,
    CONSTRAINT chat_debug_payloads_pkey PRIMARY KEY (chat_id, run_id, step_id, recorded_at)
) PARTITION BY RANGE (recorded_at);

-- The parts are compressed already; a second attempt by the server would cost and gain nothing.
ALTER TABLE chat_debug_payloads ALTER COLUMN request SET STORAGE EXTERNAL;
ALTER TABLE chat_debug_payloads ALTER COLUMN response SET STORAGE EXTERNAL;
ALTER TABLE chat_debug_payloads ALTER COLUMN attempts SET STORAGE EXTERNAL;
