SELECT expiring.created_at AS clock
FROM "chat_files" AS expiring
WHERE expiring.created_at < $1::timestamptz AND NOT expiring.found_linked AND NOT EXISTS (SELECT FROM chat_file_links AS link WHERE link.file_id = expiring.id)
ORDER BY expiring.created_at
LIMIT 1;

EXPLAIN (FORMAT JSON) SELECT FROM "chat_files" AS expiring WHERE expiring.created_at < '2026-03-02T12:00:00.000Z'::timestamptz AND NOT expiring.found_linked AND NOT EXISTS (SELECT FROM chat_file_links AS link WHERE link.file_id = expiring.id);
