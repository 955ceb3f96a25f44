SELECT expiring.updated_at AS clock
FROM "chat_debug_runs" AS expiring
WHERE expiring.updated_at < $1::timestamptz
ORDER BY expiring.updated_at
LIMIT 1;

EXPLAIN (FORMAT JSON) SELECT FROM "chat_debug_runs" AS expiring WHERE expiring.updated_at < '2026-03-02T12:00:00.000Z'::timestamptz;
