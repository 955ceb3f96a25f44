SELECT named.policy, last.finished_at
FROM unnest($1::text[]) AS named (policy)
CROSS JOIN LATERAL (
  SELECT finished_at FROM purge_ledger
  WHERE purge_ledger.policy = named.policy AND outcome IN ('success', 'disabled')
  ORDER BY finished_at DESC
  LIMIT 1
) AS last;
