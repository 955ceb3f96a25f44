SELECT updated_at FROM chat_debug_runs WHERE updated_at < $1 ORDER BY updated_at LIMIT 1;

EXPLAIN (FORMAT JSON) SELECT FROM chat_debug_runs WHERE updated_at < '2026-03-02T12:00:00.000Z'::timestamptz;
