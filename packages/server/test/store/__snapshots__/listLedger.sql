        SELECT
  id, tick_id, policy, record_type, CASE WHEN outcome = 'running' AND NOT EXISTS (
  SELECT FROM pg_locks
  WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = 1::bigint::oid AND objid = 1077972705::bigint::oid AND objsubid = 1
) THEN 'aborted' ELSE outcome END AS outcome, window_days, cutoff, expired, deleted, bytes, batches, remaining,
  started_at, finished_at, duration_ms, error, replica, started_at::text AS cursor_time
        FROM purge_ledger
        ORDER BY started_at DESC, id DESC
        LIMIT $1;

        SELECT
  id, tick_id, policy, record_type, CASE WHEN outcome = 'running' AND NOT EXISTS (
  SELECT FROM pg_locks
  WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = 1::bigint::oid AND objid = 1077972705::bigint::oid AND objsubid = 1
) THEN 'aborted' ELSE outcome END AS outcome, window_days, cutoff, expired, deleted, bytes, batches, remaining,
  started_at, finished_at, duration_ms, error, replica, started_at::text AS cursor_time
        FROM purge_ledger
        WHERE policy = $1 AND (outcome = 'running' AND EXISTS (
  SELECT FROM pg_locks
  WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = 1::bigint::oid AND objid = 1077972705::bigint::oid AND objsubid = 1
)) AND (started_at, id) < ($2::timestamptz, $3::uuid)
        ORDER BY started_at DESC, id DESC
        LIMIT $4;

        SELECT
  id, tick_id, policy, record_type, CASE WHEN outcome = 'running' AND NOT EXISTS (
  SELECT FROM pg_locks
  WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = 1::bigint::oid AND objid = 1077972705::bigint::oid AND objsubid = 1
) THEN 'aborted' ELSE outcome END AS outcome, window_days, cutoff, expired, deleted, bytes, batches, remaining,
  started_at, finished_at, duration_ms, error, replica, started_at::text AS cursor_time
        FROM purge_ledger
        WHERE policy = $1 AND (outcome IN ('aborted', 'running') AND CASE WHEN outcome = 'running' AND NOT EXISTS (
  SELECT FROM pg_locks
  WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = 1::bigint::oid AND objid = 1077972705::bigint::oid AND objsubid = 1
) THEN 'aborted' ELSE outcome END = 'aborted') AND (started_at, id) < ($2::timestamptz, $3::uuid)
        ORDER BY started_at DESC, id DESC
        LIMIT $4;

        SELECT
  id, tick_id, policy, record_type, CASE WHEN outcome = 'running' AND NOT EXISTS (
  SELECT FROM pg_locks
  WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = 1::bigint::oid AND objid = 1077972705::bigint::oid AND objsubid = 1
) THEN 'aborted' ELSE outcome END AS outcome, window_days, cutoff, expired, deleted, bytes, batches, remaining,
  started_at, finished_at, duration_ms, error, replica, started_at::text AS cursor_time
        FROM purge_ledger
        WHERE policy = $1 AND outcome = $2 AND (started_at, id) < ($3::timestamptz, $4::uuid)
        ORDER BY started_at DESC, id DESC
        LIMIT $5;
