begin;

SELECT
  pg_backend_pid() AS pid,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT expiring.id, expiring.updated_at AS clock
FROM "chat_debug_runs" AS expiring
WHERE expiring.updated_at < $1::timestamptz
ORDER BY expiring.updated_at, expiring.id
LIMIT $2;

SELECT
  counted.rows AS counted,
  counted.records,
  (SELECT expiring.updated_at FROM "chat_debug_runs" AS expiring WHERE expiring.updated_at < $1::timestamptz ORDER BY expiring.updated_at DESC LIMIT 1) AS newest
FROM (
  SELECT count(*) AS rows, sum(records)::bigint AS records
  FROM (
    SELECT 1 AS records
    FROM "chat_debug_runs" AS expiring
    WHERE expiring.updated_at < $2::timestamptz
    LIMIT $3
  ) AS expired
) AS counted;

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
