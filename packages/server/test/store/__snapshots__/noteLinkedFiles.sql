begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT expiring.id
FROM chat_files AS expiring
WHERE expiring.created_at < $1 AND NOT expiring.found_linked AND EXISTS (SELECT FROM chat_file_links AS link WHERE link.file_id = expiring.id)
ORDER BY expiring.created_at, expiring.id
LIMIT $2
FOR NO KEY UPDATE SKIP LOCKED;

UPDATE chat_files AS expiring SET found_linked = true
WHERE expiring.id = ANY ($1::uuid[]) AND EXISTS (SELECT FROM chat_file_links AS link WHERE link.file_id = expiring.id);

commit;
