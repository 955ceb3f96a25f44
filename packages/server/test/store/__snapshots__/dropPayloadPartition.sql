begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

LOCK TABLE "chat_debug_payloads_2026030100_xxxxxxxx" IN ACCESS EXCLUSIVE MODE;

        SELECT
          EXISTS (
            SELECT FROM chat_debug_runs
            WHERE coalesce(chat_debug_runs.payload_at, chat_debug_runs.started_at) >= $1
  AND coalesce(chat_debug_runs.payload_at, chat_debug_runs.started_at) < $2 AND EXISTS (SELECT FROM "chat_debug_payloads_2026030100_xxxxxxxx" AS payload WHERE chat_debug_runs.id = payload.run_id
AND chat_debug_runs.chat_id = payload.chat_id
AND coalesce(chat_debug_runs.payload_at, chat_debug_runs.started_at) = payload.recorded_at)
          ) AS live,
          pg_total_relation_size($3::regclass) AS bytes;

DROP TABLE "chat_debug_payloads_2026030100_xxxxxxxx";

UPDATE purge_ledger
SET
  deleted = deleted + $1,
  bytes = bytes + $2,
  batches = batches + 1,
  cutoff = greatest(cutoff, $3::timestamptz)
WHERE id = $4;

commit;
