begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

      SELECT chat.id FROM chats AS chat
      WHERE
chat.status = 'running' AND chat.updated_at < $1
AND chat.id <> ALL (ARRAY(SELECT chat_id FROM chat_debug_runs WHERE finished_at IS NULL))
AND NOT EXISTS (
  SELECT FROM (
    SELECT run.updated_at FROM chat_debug_runs AS run
    WHERE run.chat_id = chat.id
    ORDER BY run.started_at DESC, run.id DESC
    LIMIT $2
  ) AS newest
  WHERE newest.updated_at >= $3
)
      ORDER BY chat.updated_at
      LIMIT $4
      FOR NO KEY UPDATE SKIP LOCKED;

      UPDATE chats AS chat
      SET status = 'waiting'
      WHERE chat.id = ANY ($1::uuid[]) AND
chat.status = 'running' AND chat.updated_at < $2
AND chat.id <> ALL (ARRAY(SELECT chat_id FROM chat_debug_runs WHERE finished_at IS NULL))
AND NOT EXISTS (
  SELECT FROM (
    SELECT run.updated_at FROM chat_debug_runs AS run
    WHERE run.chat_id = chat.id
    ORDER BY run.started_at DESC, run.id DESC
    LIMIT $3
  ) AS newest
  WHERE newest.updated_at >= $4
);

commit;
