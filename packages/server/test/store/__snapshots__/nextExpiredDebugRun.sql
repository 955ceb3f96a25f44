SELECT updated_at::text AS clock, id FROM chat_debug_runs
WHERE updated_at < $1 AND (updated_at, id) > ($2::timestamptz, $3::uuid)
ORDER BY updated_at, id
LIMIT 1;
