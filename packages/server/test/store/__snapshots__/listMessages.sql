start transaction isolation level repeatable read read only;

select "status", "last_read_message_id" from "chats" where "id" = $1 and "owner_id" = $2 and "purging_at" is null;

SELECT id, chat_id, created_at, role, content
FROM chat_messages
WHERE chat_id = $1 AND NOT deleted AND visibility <> 'model'
ORDER BY id DESC
LIMIT $2;

SELECT id, chat_id, content, created_at FROM chat_queued_messages WHERE chat_id = $1 ORDER BY id;

commit;

UPDATE chats
SET last_read_message_id = $1
WHERE id = (SELECT id FROM chats WHERE id = $2 FOR NO KEY UPDATE SKIP LOCKED)
  AND coalesce(last_read_message_id, 0) < $3;

SELECT id, chat_id, created_at, role, content
FROM chat_messages
WHERE chat_id = $1 AND NOT deleted AND visibility <> 'model'  AND id > $2
ORDER BY id ASC
LIMIT $3;

SELECT id, chat_id, created_at, role, content
FROM chat_messages
WHERE chat_id = $1 AND NOT deleted AND visibility <> 'model' AND id < $2 AND id > $3
ORDER BY id DESC
LIMIT $4;
