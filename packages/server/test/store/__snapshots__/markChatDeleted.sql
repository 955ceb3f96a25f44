begin;

SELECT id, purging_at IS NOT NULL AS marked FROM chats
WHERE id = $1 OR root_chat_id = $2
ORDER BY id
FOR UPDATE;

UPDATE chats SET purging_at = $1 WHERE id = ANY ($2::uuid[]) AND purging_at IS NULL;

DELETE FROM tombstones
WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM tombstones WHERE created_at < $1 ORDER BY created_at LIMIT 1000
));

INSERT INTO tombstones (kind, id, created_at) SELECT 'chat', id, $1 FROM unnest($2::uuid[]) AS deleted (id)
ON CONFLICT (id, kind) DO UPDATE SET created_at = excluded.created_at;

insert into "audit_logs" ("id", "time", "user_id", "ip", "user_agent", "request_id", "resource_type", "resource_id", "resource_target", "action", "diff", "additional_fields") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

commit;
