begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT expiring.id, expiring.time AS clock
FROM "audit_logs" AS expiring
WHERE expiring.time < $1::timestamptz
ORDER BY expiring.time, expiring.id
LIMIT $2;

SAVEPOINT look;

SELECT count(*) AS rows, sum(records)::bigint AS records
FROM (
  SELECT 1 AS records
  FROM "audit_logs" AS expiring
  WHERE expiring.time < $1::timestamptz
  LIMIT $2
) AS expired;

RELEASE SAVEPOINT look;

SELECT expiring.time AS clock
FROM "audit_logs" AS expiring
WHERE expiring.time < $1::timestamptz
ORDER BY expiring.time DESC
LIMIT 1;

SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes
FROM (
  SELECT pg_column_size(expiring.*) AS bytes
  FROM "audit_logs" AS expiring
  WHERE expiring.time < $1::timestamptz
  ORDER BY expiring.time, expiring.id
  LIMIT $2
) AS oldest;

commit;
