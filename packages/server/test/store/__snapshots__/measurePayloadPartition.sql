begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

        SELECT
          (SELECT count(*) FROM "chat_debug_payloads_2026030100_xxxxxxxx") AS rows,
          (SELECT count(*) FROM chat_debug_runs JOIN "chat_debug_payloads_2026030100_xxxxxxxx" AS payload ON chat_debug_runs.id = payload.run_id
AND chat_debug_runs.chat_id = payload.chat_id
AND coalesce(chat_debug_runs.payload_at, chat_debug_runs.started_at) = payload.recorded_at WHERE coalesce(chat_debug_runs.payload_at, chat_debug_runs.started_at) >= $1
  AND coalesce(chat_debug_runs.payload_at, chat_debug_runs.started_at) < $2) AS live;

commit;
