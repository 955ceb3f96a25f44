begin;

SELECT set_config('lock_timeout', $1, true);

SELECT id, root_chat_id, organization_id, status, archived, pin_order
FROM chats
WHERE id IN ($1, (SELECT root_chat_id FROM chats WHERE id = $2))
  AND owner_id = $3
  AND purging_at IS NULL
ORDER BY id
FOR NO KEY UPDATE;

select "role", created_at::text as "written_at" from "chat_messages" where "chat_id" = $1 and "id" = $2 and "deleted" = $3 and "visibility" <> $4;

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

  SELECT id,
chat_id,
coalesce(payload_at, started_at)::text AS payload_at,
(coalesce(payload_at, started_at) AT TIME ZONE 'UTC')::date::text AS payload_day FROM chat_debug_runs
  WHERE chat_id = $1 AND id = ANY (ARRAY(
  (
    SELECT run.id FROM chat_debug_runs AS run
    WHERE run.chat_id = $2 AND greatest(run.trigger_message_id, run.history_tip_message_id) >= $3
    ORDER BY greatest(run.trigger_message_id, run.history_tip_message_id)
    LIMIT $4
  )
  UNION
  (
    SELECT step.run_id FROM chat_debug_steps AS step
    WHERE step.chat_id = $5 AND greatest(step.history_tip_message_id, step.assistant_message_id) >= $6
    ORDER BY greatest(step.history_tip_message_id, step.assistant_message_id)
    LIMIT $7
  )
  UNION
  (
    SELECT run.id FROM chat_debug_runs AS run
    WHERE run.chat_id = $8 AND run.started_at > $9::timestamptz AND greatest(run.trigger_message_id, run.history_tip_message_id) IS NULL
      AND NOT EXISTS (
        SELECT FROM chat_debug_steps AS step
        WHERE step.chat_id = $10 AND step.run_id = run.id AND greatest(step.history_tip_message_id, step.assistant_message_id) IS NOT NULL
      )
    ORDER BY run.started_at DESC, run.id DESC
    LIMIT $11
  )
))
  ORDER BY id
  LIMIT $12
  FOR UPDATE;

DELETE FROM tombstones
WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM tombstones
  WHERE created_at < $1
  ORDER BY created_at
  LIMIT $2
));

INSERT INTO tombstones (kind, id, created_at)
SELECT $1, id, $2 FROM unnest($3::uuid[]) AS deleted (id)
ON CONFLICT (id, kind) DO UPDATE SET created_at = excluded.created_at;

DELETE FROM chat_debug_runs WHERE chat_id = $1 AND id = ANY ($2::uuid[]);

WITH gone AS (
  DELETE FROM chat_debug_payloads AS payload
  USING unnest(
    $1::uuid[],
    $2::uuid[],
    $3::timestamptz[]
  ) AS chosen (chat_id, run_id, recorded_at)
  WHERE payload.chat_id = chosen.chat_id
    AND payload.run_id = chosen.run_id
    AND payload.recorded_at = chosen.recorded_at
    AND payload.recorded_at >= $4::timestamptz AND payload.recorded_at < $5::timestamptz + interval '1 day'
  RETURNING coalesce(pg_column_size("payload"."request"), 0) + coalesce(pg_column_size("payload"."response"), 0) + coalesce(pg_column_size("payload"."attempts"), 0) + coalesce(pg_column_size("payload"."chunks"), 0) + coalesce(pg_column_size("payload"."chunk_index"), 0) AS bytes
)
SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM gone;

SELECT FROM (
  (
    SELECT run.id FROM chat_debug_runs AS run
    WHERE run.chat_id = $1 AND greatest(run.trigger_message_id, run.history_tip_message_id) >= $2
    ORDER BY greatest(run.trigger_message_id, run.history_tip_message_id)
    LIMIT $3
  )
  UNION
  (
    SELECT step.run_id FROM chat_debug_steps AS step
    WHERE step.chat_id = $4 AND greatest(step.history_tip_message_id, step.assistant_message_id) >= $5
    ORDER BY greatest(step.history_tip_message_id, step.assistant_message_id)
    LIMIT $6
  )
  UNION
  (
    SELECT run.id FROM chat_debug_runs AS run
    WHERE run.chat_id = $7 AND run.started_at > $8::timestamptz AND greatest(run.trigger_message_id, run.history_tip_message_id) IS NULL
      AND NOT EXISTS (
        SELECT FROM chat_debug_steps AS step
        WHERE step.chat_id = $9 AND step.run_id = run.id AND greatest(step.history_tip_message_id, step.assistant_message_id) IS NOT NULL
      )
    ORDER BY run.started_at DESC, run.id DESC
    LIMIT $10
  )
) AS left_over LIMIT 1;

UPDATE chats
SET
  updated_at = CASE WHEN id = $1 THEN greatest(updated_at, $2) ELSE updated_at END,
  last_activity_at = CASE WHEN id = $3 THEN greatest(last_activity_at, $4) ELSE last_activity_at END
WHERE id IN ($5, $6);

UPDATE chat_messages SET deleted = true WHERE chat_id = $1 AND id > $2 AND NOT deleted;

DELETE FROM chat_queued_messages WHERE chat_id = $1;

UPDATE chat_messages
SET content = $1, created_at = greatest(created_at, $2)
WHERE chat_id = $3 AND id = $4
RETURNING id, chat_id, created_at, role, content;

commit;
