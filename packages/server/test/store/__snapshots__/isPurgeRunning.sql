SELECT EXISTS (
  SELECT FROM pg_locks
  WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = 1::bigint::oid AND objid = 1077972705::bigint::oid AND objsubid = 1
) AS running;
