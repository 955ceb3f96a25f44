UPDATE purge_ledger
SET
  outcome = $1,
  window_days = $2,
  cutoff = greatest(cutoff, $3::timestamptz),
  expired = $4,
  remaining = $5,
  duration_ms = $6,
  error = $7,
  finished_at = $8
FROM (SELECT) AS waiting
WHERE id = $9;
