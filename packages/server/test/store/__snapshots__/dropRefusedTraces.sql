begin;

SELECT set_config('lock_timeout', '10s', true);

SELECT run.id, run.chat_id, coalesce(run.payload_at, run.started_at)::text AS payload_at, chat.owner_id
FROM unnest($1::uuid[], $2::uuid[]) AS own (chat_id, run_id)
JOIN chats AS chat ON chat.id = own.chat_id
JOIN chat_debug_runs AS run ON run.id = own.run_id AND run.chat_id = own.chat_id
WHERE $3 IN (chat.owner_id, chat.recorder_id) AND chat.purging_at IS NULL
ORDER BY chat.id
FOR UPDATE;

commit;
