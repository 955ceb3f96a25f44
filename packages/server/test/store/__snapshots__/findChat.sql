SELECT chat.archived OR coalesce(root.archived, false) AS archived
FROM chats AS chat
LEFT JOIN chats AS root ON root.id = chat.root_chat_id
WHERE chat.id = $1 AND chat.owner_id = $2 AND chat.purging_at IS NULL;
