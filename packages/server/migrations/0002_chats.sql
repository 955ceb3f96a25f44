-- Chats with their messages and files. A chat's id is part of every key of what belongs to it, so that the schema can be
-- distributed by chat; for the same reason parent and root are checked in the application and not by a self foreign key.

CREATE TABLE chats (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    -- A person is erased by the application, which takes payloads along; hence RESTRICT.
    owner_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    -- The service account that records this chat for its owner with an ingest key; null where the owner records it.
    recorder_id uuid,
    title text NOT NULL DEFAULT 'New Chat',
    status text NOT NULL DEFAULT 'waiting',
    parent_chat_id uuid,
    root_chat_id uuid,
    archived boolean NOT NULL DEFAULT false,
    -- The retention clock of archived chats.
    archived_at timestamptz,
    -- Newest message or debug-run start in the family, kept on the root in the transaction of the write.
    last_activity_at timestamptz,
    -- Set on a chat that is too large to delete in one batch: it reads as gone from then on.
    purging_at timestamptz,
    pin_order integer NOT NULL DEFAULT 0,
    labels jsonb NOT NULL DEFAULT '{}',
    client_type text NOT NULL DEFAULT 'api',
    mcp_server_ids uuid[] NOT NULL DEFAULT '{}',
    last_model_config_id uuid,
    last_read_message_id bigint,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT chats_pkey PRIMARY KEY (id),
    CONSTRAINT chats_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT chats_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations (id) ON DELETE RESTRICT,
    CONSTRAINT chats_recorder_id_fkey FOREIGN KEY (recorder_id) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT chats_status_known CHECK (
        status IN ('waiting', 'pending', 'running', 'paused', 'completed', 'error', 'requires_action')
    ),
    CONSTRAINT chats_pin_order_not_negative CHECK (pin_order >= 0)
);

-- A person's list: pinned first, then the newest.
CREATE INDEX chats_owner_list_idx ON chats (owner_id, archived, updated_at DESC, id DESC);
CREATE INDEX chats_root_chat_id_idx ON chats (root_chat_id) WHERE root_chat_id IS NOT NULL;
CREATE INDEX chats_recorder_id_idx ON chats (recorder_id) WHERE recorder_id IS NOT NULL;
-- Retention of archived chats reads roots by this clock; a family goes with its root.
CREATE INDEX chats_archived_at_idx ON chats (archived_at, id) WHERE archived AND root_chat_id IS NULL;
-- Auto-archive reads inactive roots by this clock.
CREATE INDEX chats_last_activity_at_idx ON chats (last_activity_at, id)
    WHERE NOT archived AND root_chat_id IS NULL AND pin_order = 0;
CREATE INDEX chats_purging_at_idx ON chats (purging_at, id) WHERE purging_at IS NOT NULL;

CREATE TABLE chat_messages (
    id bigint GENERATED ALWAYS AS IDENTITY,
    chat_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    role text NOT NULL,
    content jsonb NOT NULL,
    visibility text NOT NULL DEFAULT 'both',
    input_tokens bigint,
    output_tokens bigint,
    total_tokens bigint,
    reasoning_tokens bigint,
    cache_creation_tokens bigint,
    cache_read_tokens bigint,
    created_by uuid,
    deleted boolean NOT NULL DEFAULT false,
    provider_response_id text,
    CONSTRAINT chat_messages_pkey PRIMARY KEY (chat_id, id),
    CONSTRAINT chat_messages_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES chats (id) ON DELETE CASCADE,
    CONSTRAINT chat_messages_role_known CHECK (role IN ('system', 'user', 'assistant', 'tool'))
);

CREATE TABLE chat_queued_messages (
    id bigint GENERATED ALWAYS AS IDENTITY,
    chat_id uuid NOT NULL,
    content jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT chat_queued_messages_pkey PRIMARY KEY (chat_id, id),
    CONSTRAINT chat_queued_messages_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES chats (id) ON DELETE CASCADE
);

CREATE TABLE chat_files (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    owner_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    name text NOT NULL DEFAULT '',
    mimetype text NOT NULL,
    data bytea NOT NULL,
    CONSTRAINT chat_files_pkey PRIMARY KEY (id),
    CONSTRAINT chat_files_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT chat_files_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations (id) ON DELETE RESTRICT
);

CREATE INDEX chat_files_created_at_idx ON chat_files (created_at, id);
CREATE INDEX chat_files_owner_id_idx ON chat_files (owner_id);

CREATE TABLE chat_file_links (
    chat_id uuid NOT NULL,
    file_id uuid NOT NULL,
    CONSTRAINT chat_file_links_pkey PRIMARY KEY (chat_id, file_id),
    CONSTRAINT chat_file_links_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES chats (id) ON DELETE CASCADE,
    CONSTRAINT chat_file_links_file_id_fkey FOREIGN KEY (file_id) REFERENCES chat_files (id) ON DELETE CASCADE
);

CREATE INDEX chat_file_links_file_id_idx ON chat_file_links (file_id);

-- What was deleted on purpose a short while ago, so that a late flush of a recorder cannot bring it back.
CREATE TABLE tombstones (
    kind text NOT NULL,
    id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tombstones_pkey PRIMARY KEY (id, kind),
    CONSTRAINT tombstones_kind_known CHECK (kind IN ('chat', 'run'))
);

CREATE INDEX tombstones_created_at_idx ON tombstones (created_at);
