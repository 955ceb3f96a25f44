start transaction isolation level repeatable read read only;

SELECT chat.id, chat.pin_order, chat.updated_at::text AS updated_at
FROM chats AS chat
WHERE chat.id = $1 AND chat.owner_id = $2 AND chat.root_chat_id IS NULL AND chat.purging_at IS NULL;

  SELECT
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
) AS last_debug_at
  FROM chats AS chat
  WHERE chat.owner_id = $1 AND chat.root_chat_id IS NULL AND chat.archived = $2 AND chat.purging_at IS NULL AND strpos(lower(chat.title), lower($3)) > 0 AND chat.labels @> $4::jsonb AND chat.pin_order = 0 AND (chat.updated_at, chat.id) < ($5::timestamptz, $6::uuid)
  ORDER BY chat.updated_at DESC, chat.id DESC
  LIMIT $7;

commit;

  SELECT
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
) AS last_debug_at
  FROM chats AS chat
  WHERE chat.owner_id = $1 AND chat.root_chat_id IS NULL AND chat.archived = $2 AND chat.purging_at IS NULL   AND chat.pin_order > 0 AND (chat.pin_order > $3 OR (chat.pin_order = $4 AND (chat.updated_at, chat.id) < ($5::timestamptz, $6::uuid)))
  ORDER BY chat.pin_order, chat.updated_at DESC, chat.id DESC
  LIMIT $7;

  SELECT
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
) AS last_debug_at
  FROM chats AS chat
  WHERE chat.owner_id = $1 AND chat.root_chat_id IS NULL AND chat.archived = $2 AND chat.purging_at IS NULL   AND chat.pin_order = 0
  ORDER BY chat.updated_at DESC, chat.id DESC
  LIMIT $3;

  SELECT
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
) AS last_debug_at
  FROM chats AS chat
  WHERE chat.root_chat_id = ANY ($1::uuid[]) AND chat.purging_at IS NULL
  ORDER BY chat.created_at, chat.id;
