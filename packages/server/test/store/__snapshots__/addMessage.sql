begin;

SELECT set_config('lock_timeout', $1, true);

SELECT id, root_chat_id, organization_id, status, archived, pin_order
FROM chats
WHERE id IN ($1, (SELECT root_chat_id FROM chats WHERE id = $2))
  AND owner_id = $3
  AND purging_at IS NULL
ORDER BY id
FOR NO KEY UPDATE;

    SELECT file.id FROM chat_files AS file
    WHERE file.id = ANY ($1::uuid[]) AND (
  file.owner_id = $2
  OR EXISTS (
    SELECT FROM chat_file_links AS link
    JOIN chats AS chat ON chat.id = link.chat_id
    WHERE link.file_id = file.id AND chat.owner_id = $3 AND chat.purging_at IS NULL
  )
)
    ORDER BY file.id
    FOR KEY SHARE OF file;

INSERT INTO chat_file_links (chat_id, file_id)
SELECT $1::uuid, file.id FROM unnest($2::uuid[]) AS file (id)
ON CONFLICT (chat_id, file_id) DO NOTHING;

UPDATE chats
SET
  updated_at = CASE WHEN id = $1 THEN greatest(updated_at, $2) ELSE updated_at END,
  last_activity_at = CASE WHEN id = $3 THEN greatest(last_activity_at, $4) ELSE last_activity_at END
WHERE id IN ($5, $6);

WITH promoted AS (
  DELETE FROM chat_queued_messages AS queued
  USING chats AS chat
  WHERE queued.chat_id = ANY ($1::uuid[])
    AND chat.id = queued.chat_id
    AND chat.status <> ALL ($2::text[])
  RETURNING queued.id, queued.chat_id, queued.content, queued.created_at, chat.owner_id
)
INSERT INTO chat_messages (chat_id, role, content, created_by, created_at)
SELECT chat_id, 'user', content, owner_id, created_at FROM promoted ORDER BY id;

insert into "chat_messages" ("chat_id", "role", "content", "created_by", "created_at") values ($1, $2, $3, $4, $5) returning "id", "chat_id", "created_at", "role", "content";

commit;

SELECT count(*) AS waiting FROM chat_queued_messages WHERE chat_id = $1;

insert into "chat_queued_messages" ("chat_id", "content", "created_at") values ($1, $2, $3) returning "id", "chat_id", "content", "created_at";
