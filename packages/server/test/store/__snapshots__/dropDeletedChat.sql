begin;

DELETE FROM chats
WHERE id = $1
  AND purging_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM chat_debug_runs WHERE chat_debug_runs.chat_id = chats.id);

commit;
