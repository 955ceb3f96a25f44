begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT expiring.id, expiring.archived_at::text AS clock
FROM chats AS expiring
WHERE expiring.id = ANY ($1::uuid[]) AND expiring.archived AND expiring.root_chat_id IS NULL AND expiring.purging_at IS NULL AND expiring.archived_at < $2::timestamptz
ORDER BY expiring.archived_at, expiring.id
FOR UPDATE SKIP LOCKED;

SELECT id FROM chats WHERE root_chat_id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED;

SELECT id, root_chat_id FROM chats WHERE root_chat_id = ANY ($1::uuid[]);

  SELECT chat.id, message.rows + (
  SELECT count(*)
  FROM (SELECT FROM "chat_debug_runs" WHERE chat_id = chat.id ORDER BY started_at DESC, id DESC LIMIT $1) AS counted
) + (
  SELECT count(*)
  FROM (SELECT FROM "chat_debug_steps" WHERE chat_id = chat.id ORDER BY run_id, step_number LIMIT $2) AS counted
) + (
  SELECT count(*)
  FROM (SELECT FROM "chat_queued_messages" WHERE chat_id = chat.id ORDER BY id LIMIT $3) AS counted
) + (SELECT count(*) FROM chat_file_links WHERE chat_id = chat.id) AS rows, message.bytes AS message_bytes
  FROM unnest($4::uuid[]) AS chat (id)
  CROSS JOIN LATERAL (
    SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes
    FROM (
      SELECT pg_column_size(content) AS bytes FROM chat_messages
      WHERE chat_id = chat.id
      ORDER BY id
      LIMIT $5
    ) AS counted
  ) AS message;

UPDATE chats SET purging_at = $1 WHERE id = ANY ($2::uuid[]) AND purging_at IS NULL;

DELETE FROM tombstones
WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM tombstones
  WHERE created_at < $1
  ORDER BY created_at
  LIMIT $2
));

INSERT INTO tombstones (kind, id, created_at)
SELECT $1, id, $2 FROM unnest($3::uuid[]) AS deleted (id)
ON CONFLICT (id, kind) DO UPDATE SET created_at = excluded.created_at;

  DELETE FROM chat_debug_runs WHERE chat_id = ANY ($1::uuid[]) RETURNING id,
chat_id,
coalesce(payload_at, started_at)::text AS payload_at,
(coalesce(payload_at, started_at) AT TIME ZONE 'UTC')::date::text AS payload_day;

WITH gone AS (
  DELETE FROM chat_debug_payloads AS payload
  USING unnest(
    $1::uuid[],
    $2::uuid[],
    $3::timestamptz[]
  ) AS chosen (chat_id, run_id, recorded_at)
  WHERE payload.chat_id = chosen.chat_id
    AND payload.run_id = chosen.run_id
    AND payload.recorded_at = chosen.recorded_at
    AND payload.recorded_at >= $4::timestamptz AND payload.recorded_at < $5::timestamptz + interval '1 day'
  RETURNING coalesce(pg_column_size("payload"."request"), 0) + coalesce(pg_column_size("payload"."response"), 0) + coalesce(pg_column_size("payload"."attempts"), 0) + coalesce(pg_column_size("payload"."chunks"), 0) + coalesce(pg_column_size("payload"."chunk_index"), 0) AS bytes
)
SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM gone;

DELETE FROM chats AS member
USING
  unnest($1::uuid[], $2::uuid[]) AS chosen (id, root_id),
  chats AS expiring
WHERE member.id = chosen.id AND expiring.id = chosen.root_id AND expiring.archived AND expiring.root_chat_id IS NULL AND expiring.purging_at IS NULL AND expiring.archived_at < $3::timestamptz
RETURNING member.id;

UPDATE purge_ledger
SET
  deleted = deleted + $1,
  bytes = bytes + $2,
  batches = batches + 1,
  cutoff = greatest(cutoff, $3::timestamptz)
WHERE id = $4;

commit;
