begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT
  expiring.id,
  expiring.chat_id,
  coalesce(expiring.payload_at = 'infinity', false) AS kept,
  expiring.updated_at::text AS clock
FROM chat_debug_runs AS expiring
WHERE expiring.updated_at < $1::timestamptz AND (expiring.updated_at, expiring.id) > ($2::timestamptz, $3::uuid)
ORDER BY expiring.updated_at, expiring.id
LIMIT $4
FOR UPDATE SKIP LOCKED;

DELETE FROM chat_debug_runs AS run
USING unnest($1::uuid[], $2::uuid[]) AS chosen (id, chat_id)
WHERE run.id = chosen.id AND run.chat_id = chosen.chat_id AND run.updated_at < $3
RETURNING run.id;

WITH gone AS (
  DELETE FROM chat_debug_payloads AS payload
  USING unnest($1::uuid[], $2::uuid[]) AS chosen (chat_id, run_id)
  WHERE payload.chat_id = chosen.chat_id AND payload.run_id = chosen.run_id AND payload.recorded_at = 'infinity'
  RETURNING pg_column_size(payload.*) AS bytes
)
SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM gone;

UPDATE purge_ledger
SET
  deleted = deleted + $1,
  bytes = bytes + $2,
  batches = batches + 1,
  cutoff = greatest(cutoff, $3::timestamptz)
WHERE id = $4;

commit;
