begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT coalesce(sum(records), 0)::bigint AS expired
FROM (
  SELECT 1 + (SELECT count(*) FROM chats AS child WHERE child.root_chat_id = expiring.id) AS records
  FROM "chats" AS expiring
  WHERE expiring.archived AND expiring.root_chat_id IS NULL AND expiring.purging_at IS NULL AND expiring.archived_at < $1::timestamptz
  LIMIT $2
) AS counted;

commit;
