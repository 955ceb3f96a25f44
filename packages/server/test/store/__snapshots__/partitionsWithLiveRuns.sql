SELECT candidate.name
FROM unnest(
  $1::text[],
  $2::timestamptz[],
  $3::timestamptz[]
) AS candidate (name, lower, upper)
CROSS JOIN LATERAL (
  SELECT FROM chat_debug_runs AS run
  WHERE coalesce(run.payload_at, run.started_at) >= candidate.lower
    AND coalesce(run.payload_at, run.started_at) < candidate.upper
  LIMIT 1
) AS live;
