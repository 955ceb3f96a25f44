start transaction isolation level repeatable read read only;

LOCK TABLE ONLY chat_debug_payloads IN ACCESS SHARE MODE;

select "run"."id", "run"."chat_id", "run"."kind", "run"."status", "run"."provider", "run"."model", "run"."summary", "run"."started_at", "run"."updated_at", "run"."finished_at", "run"."root_chat_id", "run"."parent_chat_id", "run"."model_config_id", "run"."trigger_message_id", "run"."history_tip_message_id", coalesce(run.payload_at, run.started_at)::text as "payload_at" from "chat_debug_runs" as "run" inner join "chats" as "chat" on "chat"."id" = "run"."chat_id" where "run"."id" = $1 and "run"."chat_id" = $2 and "chat"."owner_id" = $3 and "chat"."purging_at" is null;

  SELECT
step.id, step.run_id, step.chat_id, step.step_number, step.operation, step.status,
step.history_tip_message_id, step.assistant_message_id, step.usage, step.error, step.metadata,
step.started_at, step.updated_at, step.finished_at, step.payload_bytes, payload.request, payload.response, payload.attempts, payload.chunks, payload.chunk_index
  FROM chat_debug_steps AS step
  LEFT JOIN chat_debug_payloads AS payload
    ON payload.chat_id = step.chat_id
    AND payload.run_id = step.run_id
    AND payload.step_id = step.id
    AND payload.recorded_at = $1::timestamptz
  WHERE step.chat_id = $2 AND step.run_id = $3
    AND step.id = $4
  ORDER BY step.step_number;

SELECT chunks, chunk_index
FROM chat_debug_payloads
WHERE chat_id = $1 AND run_id = $2 AND recorded_at = $3::timestamptz
  AND chunks IS NOT NULL;

commit;
