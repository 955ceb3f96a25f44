begin;

SELECT
  pg_backend_pid() AS pid,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

DELETE FROM "chat_debug_payloads_2026030100_xxxxxxxx"
WHERE ctid = ANY (ARRAY(SELECT ctid FROM "chat_debug_payloads_2026030100_xxxxxxxx" WHERE chat_id = $1 LIMIT $2));

commit;
