SELECT
  relation.relname AS name,
  description.description AS comment,
  CASE WHEN link.inhrelid IS NULL THEN 'detached' WHEN link.inhdetachpending THEN 'detaching' ELSE 'attached' END AS state
FROM pg_description AS description
JOIN pg_class AS relation ON relation.oid = description.objoid
LEFT JOIN pg_inherits AS link ON link.inhrelid = relation.oid AND link.inhparent = 'chat_debug_payloads'::regclass
WHERE description.classoid = 'pg_class'::regclass
  AND description.objsubid = 0
  AND description.description LIKE $1
  AND relation.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'chat_debug_payloads'::regclass);

SELECT day, sum(bytes)::bigint AS bytes
FROM (
  SELECT (partition.start AT TIME ZONE 'UTC')::date AS day, coalesce(pg_total_relation_size(to_regclass(name)), 0) AS bytes
  FROM unnest($1::text[], $2::timestamptz[]) AS partition (name, start)
  UNION ALL
  SELECT (run.started_at AT TIME ZONE 'UTC')::date AS day, step.payload_bytes AS bytes
  FROM (
    SELECT id, chat_id, started_at FROM chat_debug_runs
    WHERE coalesce(payload_at, started_at) = 'infinity'
    LIMIT $3
  ) AS run
  JOIN chat_debug_steps AS step ON step.chat_id = run.chat_id AND step.run_id = run.id
) AS stored
GROUP BY day
ORDER BY day;
