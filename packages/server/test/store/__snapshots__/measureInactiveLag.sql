SELECT coalesce(expiring.last_activity_at, expiring.created_at) AS clock
FROM "chats" AS expiring
WHERE NOT expiring.archived
AND expiring.root_chat_id IS NULL
AND expiring.pin_order = 0
AND expiring.purging_at IS NULL
AND expiring.status NOT IN ('running', 'pending', 'paused', 'requires_action')
AND coalesce(expiring.last_activity_at, expiring.created_at) < $1::timestamptz
AND expiring.created_at < $2::timestamptz
ORDER BY coalesce(expiring.last_activity_at, expiring.created_at)
LIMIT 1;

EXPLAIN (FORMAT JSON) SELECT FROM "chats" AS expiring WHERE NOT expiring.archived
AND expiring.root_chat_id IS NULL
AND expiring.pin_order = 0
AND expiring.purging_at IS NULL
AND expiring.status NOT IN ('running', 'pending', 'paused', 'requires_action')
AND coalesce(expiring.last_activity_at, expiring.created_at) < '2026-03-02T12:00:00.000Z'::timestamptz
AND expiring.created_at < '2026-03-02T12:00:00.000Z'::timestamptz;
