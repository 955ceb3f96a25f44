begin;

SELECT
  pg_backend_pid() AS pid,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT id, updated_at AS clock FROM chat_debug_runs
WHERE updated_at < $1
ORDER BY updated_at, id
LIMIT $2;

SELECT
  (SELECT count(*) FROM (SELECT FROM chat_debug_runs WHERE updated_at < $1 LIMIT $2) AS run) AS counted,
  (SELECT updated_at FROM chat_debug_runs WHERE updated_at < $3 ORDER BY updated_at DESC LIMIT 1) AS newest;

SELECT count(*) AS runs, coalesce(sum(stored.bytes), 0)::bigint AS bytes
FROM (
  SELECT id, chat_id FROM chat_debug_runs WHERE updated_at < $1 ORDER BY updated_at, id LIMIT $2
) AS run
CROSS JOIN LATERAL (
  SELECT sum(payload_bytes) AS bytes FROM chat_debug_steps AS step
  WHERE step.chat_id = run.chat_id AND step.run_id = run.id
) AS stored;

commit;
