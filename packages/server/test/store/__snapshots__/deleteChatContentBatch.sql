begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT FROM chats WHERE id = $1 AND purging_at IS NOT NULL FOR UPDATE;

commit;
