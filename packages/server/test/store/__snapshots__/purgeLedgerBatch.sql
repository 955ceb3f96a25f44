begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT expiring.id, expiring.started_at::text AS clock
FROM "purge_ledger" AS expiring
WHERE expiring.started_at < $1::timestamptz
AND expiring.outcome <> 'running'
AND (expiring.started_at, expiring.id) < (
  SELECT newest.started_at, newest.id FROM purge_ledger AS newest
  WHERE newest.policy = expiring.policy
  ORDER BY newest.started_at DESC, newest.id DESC
  LIMIT 1
)
AND (
  NOT ("expiring"."outcome" IN ('success', 'disabled'))
  OR expiring.finished_at < (
    SELECT newest.finished_at FROM purge_ledger AS newest
    WHERE newest.policy = expiring.policy AND "newest"."outcome" IN ('success', 'disabled') AND newest.finished_at IS NOT NULL
    ORDER BY newest.finished_at DESC
    LIMIT 1
  )
)
AND (
  expiring.deleted = 0
  OR expiring.cutoff IS NULL
  OR expiring.cutoff < (
    SELECT furthest.cutoff FROM purge_ledger AS furthest
    WHERE furthest.policy = expiring.policy AND furthest.deleted > 0 AND furthest.cutoff IS NOT NULL
    ORDER BY furthest.cutoff DESC
    LIMIT 1
  )
) AND (expiring.started_at, expiring.id) > ($2::timestamptz, $3::uuid)
ORDER BY expiring.started_at, expiring.id
LIMIT $4
FOR UPDATE SKIP LOCKED;

  WITH gone AS (
    DELETE FROM "purge_ledger" AS expiring
    WHERE expiring.id = ANY ($1::uuid[]) AND expiring.started_at < $2::timestamptz
AND expiring.outcome <> 'running'
AND (expiring.started_at, expiring.id) < (
  SELECT newest.started_at, newest.id FROM purge_ledger AS newest
  WHERE newest.policy = expiring.policy
  ORDER BY newest.started_at DESC, newest.id DESC
  LIMIT 1
)
AND (
  NOT ("expiring"."outcome" IN ('success', 'disabled'))
  OR expiring.finished_at < (
    SELECT newest.finished_at FROM purge_ledger AS newest
    WHERE newest.policy = expiring.policy AND "newest"."outcome" IN ('success', 'disabled') AND newest.finished_at IS NOT NULL
    ORDER BY newest.finished_at DESC
    LIMIT 1
  )
)
AND (
  expiring.deleted = 0
  OR expiring.cutoff IS NULL
  OR expiring.cutoff < (
    SELECT furthest.cutoff FROM purge_ledger AS furthest
    WHERE furthest.policy = expiring.policy AND furthest.deleted > 0 AND furthest.cutoff IS NOT NULL
    ORDER BY furthest.cutoff DESC
    LIMIT 1
  )
)
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
