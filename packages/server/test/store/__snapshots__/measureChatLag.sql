SELECT expiring.archived_at AS clock
FROM "chats" AS expiring
WHERE expiring.archived AND expiring.root_chat_id IS NULL AND expiring.purging_at IS NULL AND expiring.archived_at < $1::timestamptz
ORDER BY expiring.archived_at
LIMIT 1;

EXPLAIN (FORMAT JSON) SELECT FROM "chats" AS expiring WHERE expiring.archived AND expiring.root_chat_id IS NULL AND expiring.purging_at IS NULL AND expiring.archived_at < '2026-03-02T12:00:00.000Z'::timestamptz;
