begin;

SELECT
  pg_backend_pid() AS pid,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT FROM chats WHERE id = $1 FOR UPDATE;

SELECT
  id,
  coalesce(payload_at, started_at)::text AS payload_at,
  (coalesce(payload_at, started_at) AT TIME ZONE 'UTC')::date::text AS payload_day
FROM chat_debug_runs
WHERE chat_id = $1
ORDER BY started_at DESC, id DESC
LIMIT $2
FOR UPDATE;

DELETE FROM chat_debug_runs WHERE chat_id = $1 AND id = ANY ($2::uuid[]);

DELETE FROM chat_debug_payloads AS payload
USING unnest($1::uuid[], $2::timestamptz[]) AS chosen (run_id, recorded_at)
WHERE payload.chat_id = $3
  AND payload.run_id = chosen.run_id
  AND payload.recorded_at = chosen.recorded_at
  AND payload.recorded_at >= $4::timestamptz AND payload.recorded_at < $5::timestamptz + interval '1 day';

commit;
