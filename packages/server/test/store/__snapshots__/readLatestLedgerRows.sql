        SELECT latest.*
        FROM unnest($1::text[]) AS named (policy)
        CROSS JOIN LATERAL (
          SELECT
  id, tick_id, policy, record_type, CASE WHEN outcome = 'running' AND NOT EXISTS (
  SELECT FROM pg_locks
  WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = 1::bigint::oid AND objid = 1077972705::bigint::oid AND objsubid = 1
) THEN 'aborted' ELSE outcome END AS outcome, window_days, cutoff, expired, deleted, bytes, batches, remaining,
  started_at, finished_at, duration_ms, error, replica FROM purge_ledger
          WHERE purge_ledger.policy >= named.policy
          ORDER BY purge_ledger.policy, started_at DESC, id DESC
          LIMIT 1
        ) AS latest
        WHERE latest.policy = named.policy;
