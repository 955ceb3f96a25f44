INSERT INTO purge_ledger (id, tick_id, policy, record_type, replica, started_at)
SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::timestamptz
FROM set_config('synchronous_commit', 'off', true) AS waiting;
