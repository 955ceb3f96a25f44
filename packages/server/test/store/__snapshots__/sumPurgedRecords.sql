SELECT
  (started_at AT TIME ZONE 'UTC')::date AS day,
  record_type,
  sum(deleted)::bigint AS records,
  sum(bytes)::bigint AS bytes
FROM purge_ledger
WHERE started_at >= $1 AND deleted > 0
GROUP BY 1, 2
ORDER BY 1, 2;
