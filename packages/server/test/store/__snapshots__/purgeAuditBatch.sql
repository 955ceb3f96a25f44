begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT expiring.id, expiring.time::text AS clock
FROM "audit_logs" AS expiring
WHERE expiring.time < $1::timestamptz AND (expiring.time, expiring.id) > ($2::timestamptz, $3::uuid)
ORDER BY expiring.time, expiring.id
LIMIT $4
FOR UPDATE SKIP LOCKED;

WITH gone AS (
  DELETE FROM "audit_logs" AS expiring
  WHERE expiring.id = ANY ($1::uuid[]) AND expiring.time < $2::timestamptz
  RETURNING pg_column_size(expiring.*) AS bytes
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
