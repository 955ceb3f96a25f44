begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT expiring.id, coalesce(expiring.last_activity_at, expiring.created_at)::text AS clock
FROM "chats" AS expiring
WHERE NOT expiring.archived
AND expiring.root_chat_id IS NULL
AND expiring.pin_order = 0
AND expiring.purging_at IS NULL
AND expiring.status NOT IN ('running', 'pending', 'paused', 'requires_action')
AND coalesce(expiring.last_activity_at, expiring.created_at) < $1::timestamptz
AND expiring.created_at < $2::timestamptz AND (coalesce(expiring.last_activity_at, expiring.created_at), expiring.id) > ($3::timestamptz, $4::uuid)
ORDER BY coalesce(expiring.last_activity_at, expiring.created_at), expiring.id
LIMIT $5
FOR UPDATE SKIP LOCKED;

SELECT id FROM chats WHERE root_chat_id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED;

SELECT id, root_chat_id FROM chats WHERE root_chat_id = ANY ($1::uuid[]);

  UPDATE chats AS expiring
  SET archived = true, archived_at = $1, updated_at = greatest(expiring.updated_at, $2), pin_order = 0
  WHERE expiring.id = ANY ($3::uuid[])
    AND NOT expiring.archived
  AND expiring.root_chat_id IS NULL
  AND expiring.pin_order = 0
  AND expiring.purging_at IS NULL
  AND expiring.status NOT IN ('running', 'pending', 'paused', 'requires_action')
  AND coalesce(expiring.last_activity_at, expiring.created_at) < $4::timestamptz
  AND expiring.created_at < $5::timestamptz
    AND coalesce((
  SELECT max(newest.moment)
  FROM (
    SELECT expiring.id UNION ALL SELECT child.id FROM chats AS child WHERE child.root_chat_id = expiring.id
  ) AS member (id)
  CROSS JOIN LATERAL (
    SELECT greatest(
      (SELECT created_at FROM chat_messages WHERE chat_id = member.id AND NOT deleted ORDER BY created_at DESC LIMIT 1),
      (SELECT started_at FROM chat_debug_runs WHERE chat_id = member.id ORDER BY started_at DESC LIMIT 1)
    ) AS moment
  ) AS newest
), '-infinity') < $6::timestamptz
  RETURNING
    expiring.id,
    expiring.owner_id,
    greatest(coalesce(expiring.last_activity_at, expiring.created_at), (
  SELECT max(newest.moment)
  FROM (
    SELECT expiring.id UNION ALL SELECT child.id FROM chats AS child WHERE child.root_chat_id = expiring.id
  ) AS member (id)
  CROSS JOIN LATERAL (
    SELECT greatest(
      (SELECT created_at FROM chat_messages WHERE chat_id = member.id AND NOT deleted ORDER BY created_at DESC LIMIT 1),
      (SELECT started_at FROM chat_debug_runs WHERE chat_id = member.id ORDER BY started_at DESC LIMIT 1)
    ) AS moment
  ) AS newest
)) AS last_activity;

UPDATE chats
SET archived = true, archived_at = $1, updated_at = greatest(updated_at, $2), pin_order = 0
WHERE root_chat_id = ANY ($3::uuid[]) AND NOT archived;

insert into "audit_logs" ("id", "time", "user_id", "ip", "user_agent", "request_id", "resource_type", "resource_id", "resource_target", "action", "diff", "status_code", "additional_fields") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13), ($14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26), ($27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39), ($40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52), ($53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64, $65), ($66, $67, $68, $69, $70, $71, $72, $73, $74, $75, $76, $77, $78), ($79, $80, $81, $82, $83, $84, $85, $86, $87, $88, $89, $90, $91);

SELECT owner_id, payload FROM digest_outbox
WHERE ledger_id = $1 AND owner_id = ANY ($2::uuid[])
FOR UPDATE;

INSERT INTO digest_outbox (id, ledger_id, owner_id, payload, created_at, next_attempt_at)
SELECT id, $1::uuid, owner_id, payload, $2, $3
FROM jsonb_to_recordset($4::jsonb) AS digest (id uuid, owner_id uuid, payload jsonb)
ON CONFLICT (ledger_id, owner_id) DO UPDATE SET payload = excluded.payload;

UPDATE purge_ledger
SET
  deleted = deleted + $1,
  bytes = bytes + $2,
  batches = batches + 1,
  cutoff = greatest(cutoff, $3::timestamptz)
WHERE id = $4;

commit;
