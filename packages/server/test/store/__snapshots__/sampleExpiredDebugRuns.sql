begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT expiring.id, expiring.updated_at AS clock
FROM "chat_debug_runs" AS expiring
WHERE expiring.updated_at < $1::timestamptz
ORDER BY expiring.updated_at, expiring.id
LIMIT $2;

SAVEPOINT look;

SELECT count(*) AS rows, sum(records)::bigint AS records
FROM (
  SELECT 1 AS records
  FROM "chat_debug_runs" AS expiring
  WHERE expiring.updated_at < $1::timestamptz
  LIMIT $2
) AS expired;

RELEASE SAVEPOINT look;

SELECT expiring.updated_at AS clock
FROM "chat_debug_runs" AS expiring
WHERE expiring.updated_at < $1::timestamptz
ORDER BY expiring.updated_at DESC
LIMIT 1;

  SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes
  FROM (
    SELECT (
  SELECT sum(payload_bytes) FROM chat_debug_steps AS step
  WHERE step.chat_id = expiring.chat_id AND step.run_id = expiring.id
) AS bytes
    FROM "chat_debug_runs" AS expiring
    WHERE expiring.updated_at < $1::timestamptz
    ORDER BY expiring.updated_at, expiring.id
    LIMIT $2
  ) AS oldest;

commit;
