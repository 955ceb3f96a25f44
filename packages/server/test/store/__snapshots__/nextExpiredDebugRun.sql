SELECT expiring.id, expiring.updated_at::text AS clock
FROM "chat_debug_runs" AS expiring
WHERE expiring.updated_at < $1::timestamptz AND (expiring.updated_at, expiring.id) > ($2::timestamptz, $3::uuid)
ORDER BY expiring.updated_at, expiring.id
LIMIT 1;
