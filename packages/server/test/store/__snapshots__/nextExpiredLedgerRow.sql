SELECT expiring.id, expiring.started_at::text AS clock
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
) AND (expiring.started_at, expiring.id) > ($2::timestamptz, $3::uuid)
ORDER BY expiring.started_at, expiring.id
LIMIT 1;
