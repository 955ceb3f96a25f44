begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT coalesce(sum(records), 0)::bigint AS expired
FROM (
  SELECT 1 AS records
  FROM "chat_files" AS expiring
  WHERE expiring.created_at < $1::timestamptz AND NOT expiring.found_linked AND NOT EXISTS (SELECT FROM chat_file_links AS link WHERE link.file_id = expiring.id)
  LIMIT $2
) AS counted;

commit;
