begin;

SELECT
  pg_backend_pid() AS pid,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT expiring.id, expiring.created_at AS clock
FROM "chat_files" AS expiring
WHERE expiring.created_at < $1::timestamptz AND NOT expiring.found_linked AND NOT EXISTS (SELECT FROM chat_file_links AS link WHERE link.file_id = expiring.id)
ORDER BY expiring.created_at, expiring.id
LIMIT $2;

SELECT
  counted.rows AS counted,
  counted.records,
  (SELECT expiring.created_at FROM "chat_files" AS expiring WHERE expiring.created_at < $1::timestamptz AND NOT expiring.found_linked AND NOT EXISTS (SELECT FROM chat_file_links AS link WHERE link.file_id = expiring.id) ORDER BY expiring.created_at DESC LIMIT 1) AS newest
FROM (
  SELECT count(*) AS rows, sum(records)::bigint AS records
  FROM (
    SELECT 1 AS records
    FROM "chat_files" AS expiring
    WHERE expiring.created_at < $2::timestamptz AND NOT expiring.found_linked AND NOT EXISTS (SELECT FROM chat_file_links AS link WHERE link.file_id = expiring.id)
    LIMIT $3
  ) AS expired
) AS counted;

SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes
FROM (
  SELECT pg_column_size(expiring.data) AS bytes
  FROM "chat_files" AS expiring
  WHERE expiring.created_at < $1::timestamptz AND NOT expiring.found_linked AND NOT EXISTS (SELECT FROM chat_file_links AS link WHERE link.file_id = expiring.id)
  ORDER BY expiring.created_at, expiring.id
  LIMIT $2
) AS oldest;

commit;
