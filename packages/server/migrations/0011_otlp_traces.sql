-- What spans say of their traces as a whole. The spans of one trace arrive in several requests and in any order, and most
-- of them do not name the chat that they belong to. A row is forgotten a day after the last span; it holds ids and times
-- alone, and nothing of what was said.

CREATE TABLE otlp_traces (
    -- Whose key sent the spans: nobody else's say anything about this trace.
    sender_id uuid NOT NULL,
    -- 32 hexadecimal digits.
    trace_id text NOT NULL,
    -- Where spans that name no chat are recorded; null as long as no span of the trace names one.
    home_chat_id uuid,
    -- The chats that spans name, each with its owner's id, or null.
    chats jsonb NOT NULL DEFAULT '{}',
    -- The outermost span around the work in each chat, with its times and its outcome; under '' that of spans which name
    -- none.
    outer_spans jsonb NOT NULL DEFAULT '{}',
    seen_at timestamptz NOT NULL,
    CONSTRAINT otlp_traces_pkey PRIMARY KEY (sender_id, trace_id),
    CONSTRAINT otlp_traces_sender_id_fkey FOREIGN KEY (sender_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX otlp_traces_seen_at_idx ON otlp_traces (seen_at);
