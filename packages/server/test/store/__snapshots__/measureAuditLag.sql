SELECT expiring.time AS clock
FROM "audit_logs" AS expiring
WHERE expiring.time < $1::timestamptz
ORDER BY expiring.time
LIMIT 1;

EXPLAIN (FORMAT JSON) SELECT FROM "audit_logs" AS expiring WHERE expiring.time < '2026-03-02T12:00:00.000Z'::timestamptz;
