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
ORDER BY expiring.started_at
LIMIT 1;

EXPLAIN (FORMAT JSON) SELECT FROM "purge_ledger" AS expiring WHERE expiring.started_at < '2026-03-02T12:00:00.000Z'::timestamptz
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
);
