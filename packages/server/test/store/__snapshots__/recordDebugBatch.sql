SELECT id, coalesce(payload_at, started_at)::text AS payload_at
FROM chat_debug_runs
WHERE id = ANY ($1::uuid[]);

SELECT
  relation.relname AS name,
  description.description AS comment,
  CASE WHEN link.inhrelid IS NULL THEN 'detached' WHEN link.inhdetachpending THEN 'detaching' ELSE 'attached' END AS state
FROM pg_description AS description
JOIN pg_class AS relation ON relation.oid = description.objoid
LEFT JOIN pg_inherits AS link ON link.inhrelid = relation.oid AND link.inhparent = 'chat_debug_payloads'::regclass
WHERE description.classoid = 'pg_class'::regclass
  AND description.objsubid = 0
  AND description.description LIKE $1
  AND relation.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'chat_debug_payloads'::regclass);

begin;

SELECT set_config('lock_timeout', $1, true);

SELECT pg_advisory_xact_lock($1);

CREATE TABLE "chat_debug_payloads_2026030100_xxxxxxxx" (LIKE chat_debug_payloads INCLUDING ALL);

COMMENT ON TABLE "chat_debug_payloads_2026030100_xxxxxxxx" IS 'shelflife payload partition 2026-03-01T00:00:00.000Z 2026-03-02T00:00:00.000Z';

ALTER TABLE chat_debug_payloads ATTACH PARTITION "chat_debug_payloads_2026030100_xxxxxxxx" FOR VALUES FROM ('2026-03-01T00:00:00.000Z') TO ('2026-03-02T00:00:00.000Z');

commit;

SELECT set_config('lock_timeout', '10s', true);

SELECT
  id,
  owner_id AS "ownerId",
  recorder_id AS "recorderId",
  parent_chat_id AS "parentChatId",
  root_chat_id AS "rootChatId",
  purging_at IS NOT NULL AS purging
FROM chats
WHERE id IN (
  SELECT unnest($1::uuid[])
  UNION
  SELECT root_chat_id FROM chats WHERE id = ANY ($2::uuid[]) AND root_chat_id IS NOT NULL
)
ORDER BY id
FOR NO KEY UPDATE;

SELECT id FROM tombstones WHERE kind = $1 AND id = ANY ($2::uuid[]);

SELECT named.name, person.id
FROM unnest($1::text[]) AS named (name)
JOIN users AS person ON person.email = named.name OR person.id::text = named.name;

INSERT INTO chats (id, owner_id, organization_id, recorder_id, parent_chat_id, root_chat_id, last_activity_at, created_at, updated_at)
SELECT
  item.id, item.owner_id, (SELECT id FROM organizations ORDER BY created_at, id LIMIT 1), item.recorder_id,
  item.parent_chat_id, item.root_chat_id, item.created_at, item.created_at, item.created_at
FROM jsonb_to_recordset($1::jsonb) AS item (
  id uuid, owner_id uuid, recorder_id uuid, parent_chat_id uuid, root_chat_id uuid, created_at timestamptz
)
ORDER BY item.id;

UPDATE chats AS chat
SET
  title = coalesce(item.title, chat.title),
  status = coalesce(item.status, chat.status),
  labels = coalesce(item.labels, chat.labels),
  updated_at = greatest(chat.updated_at, item.updated_at)
FROM jsonb_to_recordset($1::jsonb) AS item (
  id uuid, title text, status text, labels jsonb, updated_at timestamptz
)
WHERE chat.id = item.id;

SELECT id, chat_id FROM chat_debug_runs WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE;

INSERT INTO chat_debug_runs AS run (
  id, chat_id, root_chat_id, parent_chat_id, model_config_id, trigger_message_id, history_tip_message_id,
  kind, status, provider, model, started_at, updated_at, finished_at
)
SELECT
  id, chat_id, root_chat_id, parent_chat_id, model_config_id, trigger_message_id, history_tip_message_id,
  coalesce(kind, 'chat_turn'), coalesce(status, 'in_progress'), provider, model,
  coalesce(started_at, updated_at), updated_at,
  CASE WHEN coalesce(status, 'in_progress') <> 'in_progress' THEN coalesce(finished_at, updated_at) END
FROM jsonb_to_recordset($1::jsonb) AS item (
  id uuid, chat_id uuid, root_chat_id uuid, parent_chat_id uuid, model_config_id uuid,
  trigger_message_id bigint, history_tip_message_id bigint, kind text, status text, provider text, model text,
  started_at timestamptz, updated_at timestamptz, finished_at timestamptz
)
ORDER BY id
ON CONFLICT (id, chat_id) DO UPDATE SET
  model_config_id = coalesce(excluded.model_config_id, run.model_config_id),
  trigger_message_id = coalesce(excluded.trigger_message_id, run.trigger_message_id),
  history_tip_message_id = coalesce(excluded.history_tip_message_id, run.history_tip_message_id),
  provider = coalesce(excluded.provider, run.provider),
  model = coalesce(excluded.model, run.model),
  status = CASE WHEN array_position(ARRAY['in_progress', 'interrupted', 'error', 'completed'], "excluded"."status") > array_position(ARRAY['in_progress', 'interrupted', 'error', 'completed'], "run"."status") THEN excluded.status ELSE run.status END,
  updated_at = greatest(run.updated_at, excluded.updated_at),
  finished_at = coalesce(run.finished_at, excluded.finished_at);

UPDATE chats AS chat
SET last_activity_at = family.newest
FROM (
  SELECT coalesce(root_chat_id, chat_id) AS id, max(started_at) AS newest
  FROM chat_debug_runs
  WHERE id = ANY ($1::uuid[])
  GROUP BY 1
) AS family
WHERE chat.id = family.id AND (chat.last_activity_at IS NULL OR chat.last_activity_at < family.newest);

SELECT id, chat_id, status, finished_at, coalesce(payload_at, started_at)::text AS payload_at
FROM chat_debug_runs
WHERE id = ANY ($1::uuid[]);

SELECT id, run_id, step_number FROM chat_debug_steps WHERE id = ANY ($1::uuid[])
UNION
SELECT step.id, step.run_id, step.step_number
FROM unnest(
  $2::uuid[],
  $3::uuid[],
  $4::integer[]
) AS wanted (chat_id, run_id, step_number)
JOIN chat_debug_steps AS step USING (chat_id, run_id, step_number)
UNION
SELECT last.id, last.run_id, last.step_number
FROM unnest(
  $5::uuid[],
  $6::uuid[]
) AS concerned (chat_id, run_id)
CROSS JOIN LATERAL (
  SELECT step.id, step.run_id, step.step_number
  FROM chat_debug_steps AS step
  WHERE step.chat_id = concerned.chat_id AND step.run_id = concerned.run_id
  ORDER BY step.step_number DESC
  LIMIT 1
) AS last;

INSERT INTO chat_debug_steps AS step (
  id, run_id, chat_id, step_number, operation, status, history_tip_message_id, assistant_message_id,
  usage, error, metadata, started_at, updated_at, finished_at
)
SELECT
  id, run_id, chat_id, step_number, coalesce(operation, 'generate'), coalesce(status, 'in_progress'),
  history_tip_message_id, assistant_message_id, usage, error, coalesce(metadata, '{}'), started_at, updated_at,
  CASE WHEN coalesce(status, 'in_progress') <> 'in_progress' THEN coalesce(finished_at, updated_at) END
FROM jsonb_to_recordset($1::jsonb) AS item (
  id uuid, run_id uuid, chat_id uuid, step_number integer, operation text, status text,
  history_tip_message_id bigint, assistant_message_id bigint, usage jsonb, error jsonb, metadata jsonb,
  started_at timestamptz, updated_at timestamptz, finished_at timestamptz
)
ORDER BY id
ON CONFLICT (id, chat_id) DO UPDATE SET
  status = CASE WHEN array_position(ARRAY['in_progress', 'interrupted', 'error', 'completed'], "excluded"."status") > array_position(ARRAY['in_progress', 'interrupted', 'error', 'completed'], "step"."status") THEN excluded.status ELSE step.status END,
  history_tip_message_id = coalesce(excluded.history_tip_message_id, step.history_tip_message_id),
  assistant_message_id = coalesce(excluded.assistant_message_id, step.assistant_message_id),
  usage = coalesce(excluded.usage, step.usage),
  error = coalesce(excluded.error, step.error),
  metadata = step.metadata || excluded.metadata,
  updated_at = greatest(step.updated_at, excluded.updated_at),
  finished_at = coalesce(step.finished_at, excluded.finished_at)
WHERE step.run_id = excluded.run_id;

UPDATE chat_debug_runs AS run
SET
  updated_at = greatest(run.updated_at, item.updated_at),
  summary = run.summary || CASE
    WHEN item.first_message IS NULL THEN '{}'::jsonb
    ELSE jsonb_build_object('first_message', item.first_message)
  END
FROM jsonb_to_recordset($1::jsonb) AS item (
  id uuid, chat_id uuid, updated_at timestamptz, first_message text
)
WHERE run.id = item.id AND run.chat_id = item.chat_id;

SELECT payload.run_id, payload.chunk_index
FROM unnest(
  $1::uuid[],
  $2::uuid[],
  $3::timestamptz[]
) AS concerned (chat_id, run_id, recorded_at)
JOIN chat_debug_payloads AS payload USING (chat_id, run_id, recorded_at)
WHERE payload.recorded_at = ANY ($4::timestamptz[])
  AND payload.chunk_index IS NOT NULL;

SELECT DISTINCT step.run_id
FROM unnest(
  $1::uuid[],
  $2::uuid[]
) AS concerned (chat_id, run_id)
JOIN chat_debug_steps AS step USING (chat_id, run_id)
WHERE step.payload_bytes > 0;

WITH stored AS (
  INSERT INTO chat_debug_payloads AS payload (
    chat_id, run_id, step_id, recorded_at, request, response, attempts, chunks, chunk_index
  )
  VALUES ($1::uuid, $2::uuid, $3::uuid, $4::timestamptz,
    $5::bytea, $6::bytea, $7::bytea,
    $8::bytea, $9::bytea)
  ON CONFLICT (chat_id, run_id, step_id, recorded_at) DO UPDATE SET
    request = coalesce(excluded.request, payload.request),
    response = coalesce(excluded.response, payload.response),
    attempts = coalesce(excluded.attempts, payload.attempts),
    chunks = coalesce(payload.chunks || excluded.chunks, payload.chunks, excluded.chunks),
    chunk_index = coalesce(payload.chunk_index || excluded.chunk_index, payload.chunk_index, excluded.chunk_index)
  RETURNING
    step_id,
    chat_id,
    coalesce(octet_length(request), 0)::bigint + coalesce(octet_length(response), 0) + coalesce(octet_length(attempts), 0)
      + coalesce(octet_length(chunks), 0) + coalesce(octet_length(chunk_index), 0) AS bytes
)
UPDATE chat_debug_steps AS step
SET payload_bytes = least(stored.bytes, 2147483647)
FROM stored
WHERE step.id = stored.step_id AND step.chat_id = stored.chat_id;

UPDATE chat_debug_runs AS run
-- A total that has become zero is left out, so that the old one must go.
SET summary = (run.summary - ARRAY['total_reasoning_tokens', 'total_cache_creation_tokens', 'total_cache_read_tokens'])
  || figures.summary
FROM (
  SELECT
    ended.id,
    ended.chat_id,
    jsonb_strip_nulls(jsonb_build_object(
      'step_count', count(step.id),
      'total_input_tokens', least(coalesce(sum(CASE WHEN step.usage ->> 'input_tokens' ~ '^[0-9]{1,16}$' THEN (step.usage ->> 'input_tokens')::bigint END), 0), 9007199254740991),
      'total_output_tokens', least(coalesce(sum(CASE WHEN step.usage ->> 'output_tokens' ~ '^[0-9]{1,16}$' THEN (step.usage ->> 'output_tokens')::bigint END), 0), 9007199254740991),
      'total_reasoning_tokens', nullif(least(coalesce(sum(CASE WHEN step.usage ->> 'reasoning_tokens' ~ '^[0-9]{1,16}$' THEN (step.usage ->> 'reasoning_tokens')::bigint END), 0), 9007199254740991), 0),
      'total_cache_creation_tokens', nullif(least(coalesce(sum(CASE WHEN step.usage ->> 'cache_creation_tokens' ~ '^[0-9]{1,16}$' THEN (step.usage ->> 'cache_creation_tokens')::bigint END), 0), 9007199254740991), 0),
      'total_cache_read_tokens', nullif(least(coalesce(sum(CASE WHEN step.usage ->> 'cache_read_tokens' ~ '^[0-9]{1,16}$' THEN (step.usage ->> 'cache_read_tokens')::bigint END), 0), 9007199254740991), 0),
      'has_error', coalesce(bool_or(step.status = 'error' OR step.error IS NOT NULL), false) OR ended.status = 'error'
    )) AS summary
  FROM chat_debug_runs AS ended
  LEFT JOIN chat_debug_steps AS step ON step.run_id = ended.id AND step.chat_id = ended.chat_id
  WHERE ended.id = ANY ($1::uuid[])
    AND ended.chat_id = ANY ($2::uuid[])
    AND ended.finished_at IS NOT NULL
  GROUP BY ended.id, ended.chat_id
) AS figures
WHERE run.id = figures.id AND run.chat_id = figures.chat_id;

SELECT trace_id, home_chat_id, chats, outer_spans
FROM otlp_traces
WHERE sender_id = $1 AND trace_id = ANY ($2::text[])
ORDER BY trace_id
FOR UPDATE;

SELECT id FROM chat_debug_runs WHERE id = ANY ($1::uuid[]) LIMIT 1;

SELECT step.id, step.chat_id, step.run_id, step.step_number, step.status, step.started_at, step.finished_at, step.metadata
FROM unnest(
  $1::uuid[],
  $2::uuid[]
) AS concerned (chat_id, run_id)
JOIN chat_debug_steps AS step USING (chat_id, run_id);

INSERT INTO chat_debug_steps AS step (
  id, run_id, chat_id, step_number, operation, status, metadata, started_at, updated_at, finished_at
)
SELECT item.id, item.run_id, item.chat_id, item.step_number, 'generate', item.status, item.metadata,
  item.started_at, run.updated_at, item.finished_at
FROM jsonb_to_recordset($1::jsonb) AS item (
  id uuid, run_id uuid, chat_id uuid, step_number integer, status text, metadata jsonb,
  started_at timestamptz, finished_at timestamptz
)
JOIN chat_debug_runs AS run ON run.id = item.run_id AND run.chat_id = item.chat_id
ORDER BY item.id
ON CONFLICT (id, chat_id) DO UPDATE SET
  step_number = excluded.step_number,
  metadata = excluded.metadata,
  started_at = excluded.started_at,
  updated_at = excluded.updated_at,
  finished_at = excluded.finished_at;

UPDATE chat_debug_runs AS run
SET
  status = item.status,
  provider = item.provider,
  model = item.model,
  payload_at = CASE WHEN run.started_at = item.started_at THEN run.payload_at
    ELSE coalesce(run.payload_at, run.started_at) END,
  started_at = item.started_at,
  finished_at = item.finished_at,
  summary = (run.summary - 'first_message') || jsonb_strip_nulls(jsonb_build_object('first_message', item.first_message))
FROM jsonb_to_recordset($1::jsonb) AS item (
  id uuid, chat_id uuid, status text, started_at timestamptz, finished_at timestamptz, provider text, model text,
  first_message text
)
WHERE run.id = item.id AND run.chat_id = item.chat_id;

DELETE FROM chat_debug_steps AS step
USING unnest(
  $1::uuid[], $2::uuid[]
) AS item (chat_id, id)
WHERE step.chat_id = item.chat_id AND step.id = item.id;

UPDATE chat_debug_steps AS step
SET step_number = step.step_number + 1000000000
FROM jsonb_to_recordset($1::jsonb) AS item (chat_id uuid, id uuid, step_number integer)
WHERE step.chat_id = item.chat_id AND step.id = item.id AND step.step_number <> item.step_number;

UPDATE chat_debug_steps AS step
SET step_number = item.step_number, metadata = item.metadata
FROM jsonb_to_recordset($1::jsonb) AS item (
  chat_id uuid, id uuid, step_number integer, metadata jsonb
)
WHERE step.chat_id = item.chat_id AND step.id = item.id;

SELECT run.id, run.chat_id, coalesce(run.payload_at, run.started_at)::text AS payload_at, chat.owner_id
FROM unnest($1::uuid[], $2::uuid[]) AS own (chat_id, run_id)
JOIN chats AS chat ON chat.id = own.chat_id
JOIN chat_debug_runs AS run ON run.id = own.run_id AND run.chat_id = own.chat_id
WHERE $3 IN (chat.owner_id, chat.recorder_id) AND chat.purging_at IS NULL
ORDER BY chat.id
FOR UPDATE;

SELECT
  owner_id,
  EXISTS (SELECT FROM chat_debug_steps WHERE chat_id = $1 AND run_id = $2) AS has_steps
FROM chats
WHERE id = $3;

INSERT INTO chat_debug_steps (
  id, run_id, chat_id, step_number, operation, status, history_tip_message_id, assistant_message_id,
  usage, error, metadata, started_at, updated_at, finished_at, payload_bytes
)
SELECT
  id, $1, $2, step_number, operation, status, history_tip_message_id, assistant_message_id,
  usage, error, metadata, started_at, updated_at, finished_at, payload_bytes
FROM chat_debug_steps
WHERE chat_id = $3 AND run_id = $4;

INSERT INTO chat_debug_payloads (
  chat_id, run_id, step_id, recorded_at, request, response, attempts, chunks, chunk_index
)
SELECT $1, $2, step_id, recorded_at, request, response, attempts, chunks, chunk_index
FROM chat_debug_payloads
WHERE chat_id = $3 AND run_id = $4 AND recorded_at = $5::timestamptz;

UPDATE chat_debug_runs SET payload_at = $1::timestamptz
WHERE id = $2 AND chat_id = $3;

DELETE FROM chat_debug_payloads
WHERE chat_id = $1 AND run_id = $2 AND recorded_at = $3::timestamptz;

DELETE FROM chat_debug_runs WHERE id = $1 AND chat_id = $2;

DELETE FROM chats AS chat
WHERE id = ANY ($1::uuid[])
  AND NOT EXISTS (SELECT FROM chat_debug_runs WHERE chat_id = chat.id)
  AND NOT EXISTS (SELECT FROM chat_messages WHERE chat_id = chat.id)
  AND NOT EXISTS (SELECT FROM chat_queued_messages WHERE chat_id = chat.id)
  AND NOT EXISTS (SELECT FROM chat_file_links WHERE chat_id = chat.id)
  AND NOT EXISTS (SELECT FROM chats AS child WHERE child.root_chat_id = chat.id);

WITH promoted AS (
  DELETE FROM chat_queued_messages AS queued
  USING chats AS chat
  WHERE queued.chat_id = ANY ($1::uuid[])
    AND chat.id = queued.chat_id
    AND chat.status <> ALL ($2::text[])
  RETURNING queued.id, queued.chat_id, queued.content, queued.created_at, chat.owner_id
)
INSERT INTO chat_messages (chat_id, role, content, created_by, created_at)
SELECT chat_id, 'user', content, owner_id, created_at FROM promoted ORDER BY id;
