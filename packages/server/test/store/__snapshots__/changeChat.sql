begin;

SELECT set_config('lock_timeout', $1, true);

SELECT id, root_chat_id, organization_id, status, archived, pin_order
FROM chats
WHERE id IN ($1, (SELECT root_chat_id FROM chats WHERE id = $2))
  AND owner_id = $3
  AND purging_at IS NULL
ORDER BY id
FOR NO KEY UPDATE;

SELECT id, root_chat_id, organization_id, status, archived, pin_order
FROM chats
WHERE (id = $1 OR root_chat_id = $2) AND owner_id = $3 AND purging_at IS NULL
ORDER BY id
FOR NO KEY UPDATE;

UPDATE chats
SET
  archived = $1,
  archived_at = $2::timestamptz,
  updated_at = greatest(updated_at, $3),
  pin_order = 0
WHERE id = ANY ($4::uuid[]);

insert into "audit_logs" ("id", "time", "user_id", "ip", "user_agent", "request_id", "resource_type", "resource_id", "resource_target", "action", "diff", "status_code", "additional_fields") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

update "chats" set "title" = $1, "labels" = $2, "updated_at" = greatest(updated_at, $3) where "id" = $4;

commit;

update "chats" set "pin_order" = $1 where "id" = $2;
