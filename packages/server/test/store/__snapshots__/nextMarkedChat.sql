SELECT id FROM chats
WHERE purging_at IS NOT NULL AND id <> ALL ($1::uuid[])
ORDER BY purging_at, root_chat_id NULLS LAST, id
LIMIT 1;
