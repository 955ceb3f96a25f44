SELECT
  digest.id,
  digest.owner_id AS "ownerId",
  owner.email AS "ownerEmail",
  digest.created_at AS "createdAt",
  (digest.payload ->> 'archived')::integer AS archived,
  coalesce(named.items, '[]') AS items,
  digest.attempts,
  digest.delivered_by AS "deliveredBy"
FROM digest_outbox AS digest
JOIN users AS owner ON owner.id = digest.owner_id
CROSS JOIN LATERAL (
  SELECT jsonb_agg(
    jsonb_build_object('title', chat.title, 'lastActivity', item.last_activity)
    ORDER BY item.position
  ) AS items
  FROM ROWS FROM (
    jsonb_to_recordset(digest.payload -> 'items') AS (chat_id uuid, last_activity text)
  ) WITH ORDINALITY AS item (chat_id, last_activity, position)
  JOIN chats AS chat ON chat.id = item.chat_id AND chat.purging_at IS NULL
) AS named
WHERE digest.delivered_at IS NULL AND digest.next_attempt_at <= $1
ORDER BY digest.next_attempt_at, digest.id
LIMIT $2;
