begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

  SELECT expiring.id, expiring.created_at AS clock
  FROM (
SELECT id, created_at, data FROM chat_files WHERE created_at < $1::timestamptz AND NOT found_linked
UNION ALL
SELECT id, created_at, data FROM chat_files
WHERE created_at < $2::timestamptz AND found_linked AND id IN (
  SELECT link.file_id
  FROM chats AS root
  CROSS JOIN LATERAL (
    SELECT root.id UNION ALL SELECT child.id FROM chats AS child WHERE child.root_chat_id = root.id
  ) AS member (id)
  JOIN chat_file_links AS link ON link.chat_id = member.id
  WHERE root.root_chat_id IS NULL AND (root.purging_at IS NOT NULL OR coalesce(root.archived AND root.archived_at < $3::timestamptz, false))
  LIMIT $4
)) AS expiring
  WHERE expiring.created_at < $5::timestamptz AND NOT EXISTS (
  SELECT FROM chat_file_links AS link
  JOIN chats AS chat ON chat.id = link.chat_id
  JOIN chats AS root ON root.id = coalesce(chat.root_chat_id, chat.id)
  WHERE link.file_id = expiring.id AND chat.purging_at IS NULL AND NOT (root.purging_at IS NOT NULL OR coalesce(root.archived AND root.archived_at < $6::timestamptz, false))
)
  ORDER BY expiring.created_at, expiring.id
  LIMIT $7;

SAVEPOINT look;

    SELECT count(*) AS rows, sum(records)::bigint AS records
    FROM (
      SELECT 1 AS records
      FROM (
SELECT id, created_at, data FROM chat_files WHERE created_at < $1::timestamptz AND NOT found_linked
UNION ALL
SELECT id, created_at, data FROM chat_files
WHERE created_at < $2::timestamptz AND found_linked AND id IN (
  SELECT link.file_id
  FROM chats AS root
  CROSS JOIN LATERAL (
    SELECT root.id UNION ALL SELECT child.id FROM chats AS child WHERE child.root_chat_id = root.id
  ) AS member (id)
  JOIN chat_file_links AS link ON link.chat_id = member.id
  WHERE root.root_chat_id IS NULL AND (root.purging_at IS NOT NULL OR coalesce(root.archived AND root.archived_at < $3::timestamptz, false))
  LIMIT $4
)) AS expiring
      WHERE expiring.created_at < $5::timestamptz AND NOT EXISTS (
  SELECT FROM chat_file_links AS link
  JOIN chats AS chat ON chat.id = link.chat_id
  JOIN chats AS root ON root.id = coalesce(chat.root_chat_id, chat.id)
  WHERE link.file_id = expiring.id AND chat.purging_at IS NULL AND NOT (root.purging_at IS NOT NULL OR coalesce(root.archived AND root.archived_at < $6::timestamptz, false))
)
      LIMIT $7
    ) AS expired;

RELEASE SAVEPOINT look;

    SELECT expiring.created_at AS clock
    FROM (
SELECT id, created_at, data FROM chat_files WHERE created_at < $1::timestamptz AND NOT found_linked
UNION ALL
SELECT id, created_at, data FROM chat_files
WHERE created_at < $2::timestamptz AND found_linked AND id IN (
  SELECT link.file_id
  FROM chats AS root
  CROSS JOIN LATERAL (
    SELECT root.id UNION ALL SELECT child.id FROM chats AS child WHERE child.root_chat_id = root.id
  ) AS member (id)
  JOIN chat_file_links AS link ON link.chat_id = member.id
  WHERE root.root_chat_id IS NULL AND (root.purging_at IS NOT NULL OR coalesce(root.archived AND root.archived_at < $3::timestamptz, false))
  LIMIT $4
)) AS expiring
    WHERE expiring.created_at < $5::timestamptz AND NOT EXISTS (
  SELECT FROM chat_file_links AS link
  JOIN chats AS chat ON chat.id = link.chat_id
  JOIN chats AS root ON root.id = coalesce(chat.root_chat_id, chat.id)
  WHERE link.file_id = expiring.id AND chat.purging_at IS NULL AND NOT (root.purging_at IS NOT NULL OR coalesce(root.archived AND root.archived_at < $6::timestamptz, false))
)
    ORDER BY expiring.created_at DESC
    LIMIT 1;

SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes
FROM (
  SELECT pg_column_size(expiring.data) AS bytes
  FROM (
SELECT id, created_at, data FROM chat_files WHERE created_at < $1::timestamptz AND NOT found_linked
UNION ALL
SELECT id, created_at, data FROM chat_files
WHERE created_at < $2::timestamptz AND found_linked AND id IN (
  SELECT link.file_id
  FROM chats AS root
  CROSS JOIN LATERAL (
    SELECT root.id UNION ALL SELECT child.id FROM chats AS child WHERE child.root_chat_id = root.id
  ) AS member (id)
  JOIN chat_file_links AS link ON link.chat_id = member.id
  WHERE root.root_chat_id IS NULL AND (root.purging_at IS NOT NULL OR coalesce(root.archived AND root.archived_at < $3::timestamptz, false))
  LIMIT $4
)) AS expiring
  WHERE expiring.created_at < $5::timestamptz AND NOT EXISTS (
  SELECT FROM chat_file_links AS link
  JOIN chats AS chat ON chat.id = link.chat_id
  JOIN chats AS root ON root.id = coalesce(chat.root_chat_id, chat.id)
  WHERE link.file_id = expiring.id AND chat.purging_at IS NULL AND NOT (root.purging_at IS NOT NULL OR coalesce(root.archived AND root.archived_at < $6::timestamptz, false))
)
  ORDER BY expiring.created_at, expiring.id
  LIMIT $7
) AS oldest;

commit;
