start transaction isolation level repeatable read read only;

SELECT chat.id, chat.pin_order, chat.updated_at::text AS updated_at
FROM chats AS chat
WHERE chat.id = $1 AND chat.owner_id = $2 AND chat.purging_at IS NULL;

SELECT
  chat.id, chat.owner_id, chat.parent_chat_id, chat.root_chat_id, chat.status,
  chat.created_at, chat.updated_at, chat.archived, chat.archived_at
FROM chats AS chat
WHERE chat.owner_id = $1 AND chat.archived = $2 AND chat.purging_at IS NULL AND (chat.updated_at, chat.id) < ($3::timestamptz, $4::uuid)
ORDER BY chat.updated_at DESC, chat.id DESC
LIMIT $5;

commit;
