begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT
  candidate.name,
  candidate.upper,
  coalesce(pg_total_relation_size(to_regclass(candidate.name)), 0)::bigint AS bytes,
  candidate.attached AND seen.staying > 0 AS stays,
  candidate.attached AND seen.staying = 0 AND seen.runs = $1 AS unknown
FROM unnest(
  $2::text[],
  $3::timestamptz[],
  $4::timestamptz[],
  $5::boolean[]
) AS candidate (name, lower, upper, attached)
CROSS JOIN LATERAL (
  SELECT
    count(*) AS runs,
    count(*) FILTER (WHERE run.updated_at >= coalesce($6::timestamptz, '-infinity')) AS staying
  FROM (
    SELECT updated_at FROM chat_debug_runs
    WHERE coalesce(payload_at, started_at) >= candidate.lower AND coalesce(payload_at, started_at) < candidate.upper
    LIMIT $7
  ) AS run
) AS seen
ORDER BY candidate.upper, candidate.name;

commit;
