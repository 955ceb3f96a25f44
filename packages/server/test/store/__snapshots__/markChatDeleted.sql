begin;

SELECT id, purging_at IS NOT NULL AS marked FROM chats
WHERE id = $1 OR root_chat_id = $2
ORDER BY id
FOR UPDATE;

commit;
