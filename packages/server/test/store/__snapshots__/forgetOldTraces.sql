DELETE FROM otlp_traces
WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM otlp_traces WHERE seen_at < $1 ORDER BY seen_at LIMIT $2
));
