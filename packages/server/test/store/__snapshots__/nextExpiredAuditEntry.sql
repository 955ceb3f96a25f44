SELECT expiring.id, expiring.time::text AS clock
FROM "audit_logs" AS expiring
WHERE expiring.time < $1::timestamptz AND (expiring.time, expiring.id) > ($2::timestamptz, $3::uuid)
ORDER BY expiring.time, expiring.id
LIMIT 1;
