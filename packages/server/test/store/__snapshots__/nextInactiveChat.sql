SELECT expiring.id, coalesce(expiring.last_activity_at, expiring.created_at)::text AS clock
FROM "chats" AS expiring
WHERE NOT expiring.archived
AND expiring.root_chat_id IS NULL
AND expiring.pin_order = 0
AND expiring.purging_at IS NULL
AND expiring.status NOT IN ('running', 'pending', 'paused', 'requires_action')
AND coalesce(expiring.last_activity_at, expiring.created_at) < $1::timestamptz
AND expiring.created_at < $2::timestamptz AND (coalesce(expiring.last_activity_at, expiring.created_at), expiring.id) > ($3::timestamptz, $4::uuid)
ORDER BY coalesce(expiring.last_activity_at, expiring.created_at), expiring.id
LIMIT 1;
