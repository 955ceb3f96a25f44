begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT coalesce(sum(records), 0)::bigint AS expired
FROM (
  SELECT 1 AS records
  FROM "audit_logs" AS expiring
  WHERE expiring.time < $1::timestamptz
  LIMIT $2
) AS counted;

commit;
