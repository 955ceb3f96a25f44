begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT expiring.id, expiring.created_at::text AS clock
FROM "chat_files" AS expiring
WHERE expiring.created_at < $1::timestamptz AND NOT expiring.found_linked AND NOT EXISTS (SELECT FROM chat_file_links AS link WHERE link.file_id = expiring.id) AND (expiring.created_at, expiring.id) > ($2::timestamptz, $3::uuid)
ORDER BY expiring.created_at, expiring.id
LIMIT $4
FOR UPDATE SKIP LOCKED;

WITH gone AS (
  DELETE FROM "chat_files" AS expiring
  WHERE expiring.id = ANY ($1::uuid[]) AND expiring.created_at < $2::timestamptz AND NOT expiring.found_linked AND NOT EXISTS (SELECT FROM chat_file_links AS link WHERE link.file_id = expiring.id)
  RETURNING pg_column_size(expiring.data) AS bytes
)
SELECT count(*) AS deleted, coalesce(sum(bytes), 0)::bigint AS bytes FROM gone;

UPDATE purge_ledger
SET
  deleted = deleted + $1,
  bytes = bytes + $2,
  batches = batches + 1,
  cutoff = greatest(cutoff, $3::timestamptz)
WHERE id = $4;

commit;
