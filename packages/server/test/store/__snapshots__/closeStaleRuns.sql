begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT id, chat_id FROM chat_debug_runs
WHERE finished_at IS NULL AND updated_at < $1 AND updated_at >= $2
ORDER BY updated_at
LIMIT $3
FOR UPDATE SKIP LOCKED;

      UPDATE chat_debug_runs AS run
      SET
status = CASE WHEN "run"."status" = 'in_progress' THEN 'interrupted' ELSE "run"."status" END,
finished_at = "run"."updated_at"
      FROM unnest($1::uuid[], $2::uuid[]) AS chosen (id, chat_id)
      WHERE run.id = chosen.id AND run.chat_id = chosen.chat_id;

      UPDATE chat_debug_steps AS step
      SET
status = CASE WHEN "step"."status" = 'in_progress' THEN 'interrupted' ELSE "step"."status" END,
finished_at = "step"."updated_at"
      FROM unnest($1::uuid[], $2::uuid[]) AS chosen (id, chat_id)
      WHERE step.run_id = chosen.id AND step.chat_id = chosen.chat_id AND step.finished_at IS NULL;

UPDATE chat_debug_runs AS run
-- A total that has become zero is left out, so that the old one must go.
SET summary = (run.summary - ARRAY['total_reasoning_tokens', 'total_cache_creation_tokens', 'total_cache_read_tokens'])
  || figures.summary
FROM (
  SELECT
    ended.id,
    ended.chat_id,
    jsonb_strip_nulls(jsonb_build_object(
      'step_count', count(step.id),
      'total_input_tokens', least(coalesce(sum(CASE WHEN step.usage ->> 'input_tokens' ~ '^[0-9]{1,16}$' THEN (step.usage ->> 'input_tokens')::bigint END), 0), 9007199254740991),
      'total_output_tokens', least(coalesce(sum(CASE WHEN step.usage ->> 'output_tokens' ~ '^[0-9]{1,16}$' THEN (step.usage ->> 'output_tokens')::bigint END), 0), 9007199254740991),
      'total_reasoning_tokens', nullif(least(coalesce(sum(CASE WHEN step.usage ->> 'reasoning_tokens' ~ '^[0-9]{1,16}$' THEN (step.usage ->> 'reasoning_tokens')::bigint END), 0), 9007199254740991), 0),
      'total_cache_creation_tokens', nullif(least(coalesce(sum(CASE WHEN step.usage ->> 'cache_creation_tokens' ~ '^[0-9]{1,16}$' THEN (step.usage ->> 'cache_creation_tokens')::bigint END), 0), 9007199254740991), 0),
      'total_cache_read_tokens', nullif(least(coalesce(sum(CASE WHEN step.usage ->> 'cache_read_tokens' ~ '^[0-9]{1,16}$' THEN (step.usage ->> 'cache_read_tokens')::bigint END), 0), 9007199254740991), 0),
      'has_error', coalesce(bool_or(step.status = 'error' OR step.error IS NOT NULL), false) OR ended.status = 'error'
    )) AS summary
  FROM chat_debug_runs AS ended
  LEFT JOIN chat_debug_steps AS step ON step.run_id = ended.id AND step.chat_id = ended.chat_id
  WHERE ended.id = ANY ($1::uuid[])
    AND ended.chat_id = ANY ($2::uuid[])
    AND ended.finished_at IS NOT NULL
  GROUP BY ended.id, ended.chat_id
) AS figures
WHERE run.id = figures.id AND run.chat_id = figures.chat_id;

commit;
