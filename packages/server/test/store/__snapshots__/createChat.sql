begin;

SELECT set_config('lock_timeout', $1, true);

  INSERT INTO chats AS chat (
    id, owner_id, organization_id, parent_chat_id, root_chat_id, title, labels, last_activity_at, created_at, updated_at
  )
  VALUES (
    $1, $2, (SELECT id FROM organizations ORDER BY created_at, id LIMIT 1),
    $3, $4, $5, $6, $7, $8, $9
  )
  RETURNING
chat.id, chat.organization_id, chat.owner_id, chat.parent_chat_id, chat.root_chat_id, chat.title, chat.status,
chat.created_at, chat.updated_at, chat.archived, chat.archived_at, chat.pin_order, chat.labels,
-- An EXISTS would let the planner read all messages of all chats, where it takes one of this chat to be among the first.
(
  SELECT message.id
  FROM chat_messages AS message
  WHERE message.chat_id = chat.id
    AND message.id > coalesce(chat.last_read_message_id, 0)
    AND message.role = 'assistant'
    AND message.visibility <> 'model'
    AND NOT message.deleted
  ORDER BY message.id DESC
  LIMIT 1
) IS NOT NULL AS has_unread,
CASE WHEN chat.root_chat_id IS NULL THEN coalesce(chat.last_activity_at, chat.created_at) END AS last_activity_at,
-- The run that started last, which an index finds. A maximum over all runs of a long chat would read them all.
(
  SELECT run.updated_at
  FROM chat_debug_runs AS run
  WHERE run.chat_id = chat.id
  ORDER BY run.started_at DESC, run.id DESC
  LIMIT 1
) AS last_debug_at;

commit;

SELECT id, root_chat_id, organization_id, status, archived, pin_order
FROM chats
WHERE id IN ($1, (SELECT root_chat_id FROM chats WHERE id = $2))
  AND owner_id = $3
  AND purging_at IS NULL
ORDER BY id
FOR NO KEY UPDATE;
