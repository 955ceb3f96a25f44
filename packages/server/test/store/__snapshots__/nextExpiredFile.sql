SELECT expiring.id, expiring.created_at::text AS clock
FROM "chat_files" AS expiring
WHERE expiring.created_at < $1::timestamptz AND NOT expiring.found_linked AND NOT EXISTS (SELECT FROM chat_file_links AS link WHERE link.file_id = expiring.id) AND (expiring.created_at, expiring.id) > ($2::timestamptz, $3::uuid)
ORDER BY expiring.created_at, expiring.id
LIMIT 1;
