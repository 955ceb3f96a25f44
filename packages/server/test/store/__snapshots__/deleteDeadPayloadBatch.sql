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
    WHERE payload.chat_id = ANY ($1::uuid[])
      AND NOT EXISTS (
        SELECT FROM chat_debug_runs AS run WHERE run.id = payload.run_id AND run.chat_id = payload.chat_id
      )
    LIMIT $2
  ))
  RETURNING coalesce(pg_column_size("dead"."request"), 0) + coalesce(pg_column_size("dead"."response"), 0) + coalesce(pg_column_size("dead"."attempts"), 0) + coalesce(pg_column_size("dead"."chunks"), 0) + coalesce(pg_column_size("dead"."chunk_index"), 0) AS bytes
)
SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes FROM gone;

commit;
