begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

SELECT expiring.id, expiring.archived_at AS clock
FROM "chats" AS expiring
WHERE expiring.archived AND expiring.root_chat_id IS NULL AND expiring.purging_at IS NULL AND expiring.archived_at < $1::timestamptz
ORDER BY expiring.archived_at, expiring.id
LIMIT $2;

SAVEPOINT look;

SELECT count(*) AS rows, sum(records)::bigint AS records
FROM (
  SELECT 1 + (SELECT count(*) FROM chats AS child WHERE child.root_chat_id = expiring.id) AS records
  FROM "chats" AS expiring
  WHERE expiring.archived AND expiring.root_chat_id IS NULL AND expiring.purging_at IS NULL AND expiring.archived_at < $1::timestamptz
  LIMIT $2
) AS expired;

RELEASE SAVEPOINT look;

SELECT expiring.archived_at AS clock
FROM "chats" AS expiring
WHERE expiring.archived AND expiring.root_chat_id IS NULL AND expiring.purging_at IS NULL AND expiring.archived_at < $1::timestamptz
ORDER BY expiring.archived_at DESC
LIMIT 1;

  SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes
  FROM (
    SELECT (
  SELECT sum(stored.bytes)
  FROM chats AS member
  CROSS JOIN LATERAL (
    (SELECT pg_column_size(content) AS bytes FROM chat_messages WHERE chat_id = member.id LIMIT 10000)
    UNION ALL
    (SELECT payload_bytes FROM chat_debug_steps WHERE chat_id = member.id LIMIT 10000)
  ) AS stored
  WHERE (member.id = expiring.id OR member.root_chat_id = expiring.id)
) AS bytes
    FROM "chats" AS expiring
    WHERE expiring.archived AND expiring.root_chat_id IS NULL AND expiring.purging_at IS NULL AND expiring.archived_at < $1::timestamptz
    ORDER BY expiring.archived_at, expiring.id
    LIMIT $2
  ) AS oldest;

commit;
