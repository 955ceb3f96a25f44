begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

      SELECT id, chat_id FROM chat_debug_runs
      WHERE coalesce(chat_debug_runs.payload_at, chat_debug_runs.started_at) >= $1
AND coalesce(chat_debug_runs.payload_at, chat_debug_runs.started_at) < $2
      ORDER BY id
      LIMIT $3
      FOR UPDATE SKIP LOCKED;

SELECT attname AS name FROM pg_attribute
WHERE attrelid = 'chat_debug_payloads'::regclass AND attnum > 0 AND NOT attisdropped
  AND attname NOT IN ('chat_id', 'run_id', 'step_id', 'recorded_at')
ORDER BY attnum;

WITH moved AS (
  DELETE FROM "chat_debug_payloads" AS payload
  USING unnest($1::uuid[], $2::uuid[]) AS chosen (chat_id, run_id)
  WHERE payload.chat_id = chosen.chat_id
    AND payload.run_id = chosen.run_id
    AND payload.recorded_at >= $3
    AND payload.recorded_at < $4
  RETURNING payload.*
)
INSERT INTO chat_debug_payloads AS kept (chat_id, run_id, step_id, recorded_at, "request", "response", "attempts", "chunks", "chunk_index")
SELECT chat_id, run_id, step_id, 'infinity', "request", "response", "attempts", "chunks", "chunk_index" FROM moved
ON CONFLICT (chat_id, run_id, step_id, recorded_at) DO UPDATE SET "request" = coalesce("excluded"."request", "kept"."request"), "response" = coalesce("excluded"."response", "kept"."response"), "attempts" = coalesce("excluded"."attempts", "kept"."attempts"), "chunks" = coalesce("kept"."chunks" || "excluded"."chunks", "kept"."chunks", "excluded"."chunks"), "chunk_index" = coalesce("kept"."chunk_index" || "excluded"."chunk_index", "kept"."chunk_index", "excluded"."chunk_index");

UPDATE chat_debug_runs AS run SET payload_at = 'infinity'
FROM unnest($1::uuid[], $2::uuid[]) AS chosen (chat_id, run_id)
WHERE run.id = chosen.run_id AND run.chat_id = chosen.chat_id;

UPDATE purge_ledger
SET
  deleted = deleted + $1,
  bytes = bytes + $2,
  batches = batches + 1,
  cutoff = greatest(cutoff, $3::timestamptz)
WHERE id = $4;

commit;
