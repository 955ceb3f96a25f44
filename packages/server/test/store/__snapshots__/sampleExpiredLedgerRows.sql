begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

  SELECT expiring.id, expiring.started_at AS clock
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
      LIMIT $2
    ) AS expired;

RELEASE SAVEPOINT look;

    SELECT expiring.started_at AS clock
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
)
    ORDER BY expiring.started_at DESC
    LIMIT 1;

SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes
FROM (
  SELECT pg_column_size(expiring.*) AS bytes
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
)
  ORDER BY expiring.started_at, expiring.id
  LIMIT $2
) AS oldest;

commit;
