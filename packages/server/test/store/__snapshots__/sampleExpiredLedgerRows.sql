begin;

SELECT
  pg_backend_pid() AS pid,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

  SELECT expiring.id, expiring.started_at AS clock
  FROM "purge_ledger" AS expiring
  WHERE expiring.started_at < $1::timestamptz
AND expiring.outcome <> 'running'
AND EXISTS (
  SELECT FROM purge_ledger AS newer
  WHERE newer.policy = expiring.policy AND (newer.started_at, newer.id) > (expiring.started_at, expiring.id)
)
AND (
  NOT ("expiring"."outcome" IN ('success', 'disabled'))
  OR EXISTS (
    SELECT FROM purge_ledger AS newer
    WHERE newer.policy = expiring.policy AND "newer"."outcome" IN ('success', 'disabled') AND newer.finished_at > expiring.finished_at
  )
)
AND (
  expiring.deleted = 0
  OR expiring.cutoff IS NULL
  OR EXISTS (
    SELECT FROM purge_ledger AS newer
    WHERE newer.policy = expiring.policy AND newer.deleted > 0 AND newer.cutoff > expiring.cutoff
  )
)
  ORDER BY expiring.started_at, expiring.id
  LIMIT $2;

SAVEPOINT look;

    SELECT count(*) AS rows, sum(records)::bigint AS records
    FROM (
      SELECT 1 AS records
      FROM "purge_ledger" AS expiring
      WHERE expiring.started_at < $1::timestamptz
AND expiring.outcome <> 'running'
AND EXISTS (
  SELECT FROM purge_ledger AS newer
  WHERE newer.policy = expiring.policy AND (newer.started_at, newer.id) > (expiring.started_at, expiring.id)
)
AND (
  NOT ("expiring"."outcome" IN ('success', 'disabled'))
  OR EXISTS (
    SELECT FROM purge_ledger AS newer
    WHERE newer.policy = expiring.policy AND "newer"."outcome" IN ('success', 'disabled') AND newer.finished_at > expiring.finished_at
  )
)
AND (
  expiring.deleted = 0
  OR expiring.cutoff IS NULL
  OR EXISTS (
    SELECT FROM purge_ledger AS newer
    WHERE newer.policy = expiring.policy AND newer.deleted > 0 AND newer.cutoff > expiring.cutoff
  )
)
      LIMIT $2
    ) AS expired;

RELEASE SAVEPOINT look;

    SELECT expiring.started_at AS clock
    FROM "purge_ledger" AS expiring
    WHERE expiring.started_at < $1::timestamptz
AND expiring.outcome <> 'running'
AND EXISTS (
  SELECT FROM purge_ledger AS newer
  WHERE newer.policy = expiring.policy AND (newer.started_at, newer.id) > (expiring.started_at, expiring.id)
)
AND (
  NOT ("expiring"."outcome" IN ('success', 'disabled'))
  OR EXISTS (
    SELECT FROM purge_ledger AS newer
    WHERE newer.policy = expiring.policy AND "newer"."outcome" IN ('success', 'disabled') AND newer.finished_at > expiring.finished_at
  )
)
AND (
  expiring.deleted = 0
  OR expiring.cutoff IS NULL
  OR EXISTS (
    SELECT FROM purge_ledger AS newer
    WHERE newer.policy = expiring.policy AND newer.deleted > 0 AND newer.cutoff > expiring.cutoff
  )
)
    ORDER BY expiring.started_at DESC
    LIMIT 1;

SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes
FROM (
  SELECT pg_column_size(expiring.*) AS bytes
  FROM "purge_ledger" AS expiring
  WHERE expiring.started_at < $1::timestamptz
AND expiring.outcome <> 'running'
AND EXISTS (
  SELECT FROM purge_ledger AS newer
  WHERE newer.policy = expiring.policy AND (newer.started_at, newer.id) > (expiring.started_at, expiring.id)
)
AND (
  NOT ("expiring"."outcome" IN ('success', 'disabled'))
  OR EXISTS (
    SELECT FROM purge_ledger AS newer
    WHERE newer.policy = expiring.policy AND "newer"."outcome" IN ('success', 'disabled') AND newer.finished_at > expiring.finished_at
  )
)
AND (
  expiring.deleted = 0
  OR expiring.cutoff IS NULL
  OR EXISTS (
    SELECT FROM purge_ledger AS newer
    WHERE newer.policy = expiring.policy AND newer.deleted > 0 AND newer.cutoff > expiring.cutoff
  )
)
  ORDER BY expiring.started_at, expiring.id
  LIMIT $2
) AS oldest;

commit;
