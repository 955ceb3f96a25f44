begin;

SELECT set_config('lock_timeout', '10s', true);

SELECT named.name, person.id
FROM unnest($1::text[]) AS named (name)
JOIN users AS person ON person.email = named.name OR person.id::text = named.name;

INSERT INTO otlp_traces (sender_id, trace_id, seen_at)
SELECT $1, trace_id, $2 FROM unnest($3::text[]) AS seen (trace_id)
ORDER BY trace_id
ON CONFLICT (sender_id, trace_id) DO UPDATE SET seen_at = greatest(otlp_traces.seen_at, excluded.seen_at);

SELECT trace_id, home_chat_id, chats, outer_spans
FROM otlp_traces
WHERE sender_id = $1 AND trace_id = ANY ($2::text[]);

UPDATE otlp_traces AS trace
SET home_chat_id = item.home_chat_id, chats = item.chats, outer_spans = item.outer_spans
FROM jsonb_to_recordset($1::jsonb) AS item (
  trace_id text, home_chat_id uuid, chats jsonb, outer_spans jsonb
)
WHERE trace.sender_id = $2 AND trace.trace_id = item.trace_id
  AND (trace.home_chat_id, trace.chats, trace.outer_spans)
    IS DISTINCT FROM (item.home_chat_id, item.chats, item.outer_spans);

SELECT id FROM chats WHERE id = ANY ($1::uuid[]);

SELECT id, started_at FROM chat_debug_runs WHERE id = ANY ($1::uuid[]);

commit;
