UPDATE chats SET archived_at = $1
WHERE id = ANY (ARRAY(
  SELECT id FROM chats
  WHERE archived AND root_chat_id IS NULL AND archived_at IS NULL
  ORDER BY archived_at, id
  LIMIT $2
  FOR NO KEY UPDATE SKIP LOCKED
));
