SELECT expiring.id, expiring.archived_at::text AS clock
FROM "chats" AS expiring
WHERE expiring.archived AND expiring.root_chat_id IS NULL AND expiring.purging_at IS NULL AND expiring.archived_at < $1::timestamptz AND (expiring.archived_at, expiring.id) > ($2::timestamptz, $3::uuid)
ORDER BY expiring.archived_at, expiring.id
LIMIT 1;
