begin;

SELECT
  pg_backend_pid() AS pid,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT count(*) AS expired
FROM (SELECT FROM chat_debug_runs WHERE updated_at < $1 LIMIT $2) AS counted;

commit;
