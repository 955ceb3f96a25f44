begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

        WITH gone AS (
          DELETE FROM "chat_debug_payloads_2026030100_xxxxxxxx" AS dead
          WHERE ctid = ANY (ARRAY(
            SELECT payload.ctid FROM "chat_debug_payloads_2026030100_xxxxxxxx" AS payload
            WHERE NOT EXISTS (SELECT FROM chat_debug_runs WHERE chat_debug_runs.id = payload.run_id
AND chat_debug_runs.chat_id = payload.chat_id
AND coalesce(chat_debug_runs.payload_at, chat_debug_runs.started_at) = payload.recorded_at)
            LIMIT $1
          ))
          RETURNING pg_column_size(dead.*) AS bytes
        )
        SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes FROM gone;

UPDATE purge_ledger
SET
  deleted = deleted + $1,
  bytes = bytes + $2,
  batches = batches + 1,
  cutoff = greatest(cutoff, $3::timestamptz)
WHERE id = $4;

commit;
