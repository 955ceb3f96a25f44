begin;

SELECT
  pg_backend_pid() AS pid,
  transaction_timestamp()::text AS begun,
  set_config('lock_timeout', $1, true),
  set_config('statement_timeout', $2, true);

    SELECT coalesce(sum(records), 0)::bigint AS expired
    FROM (
      SELECT 1 + (SELECT count(*) FROM chats AS child WHERE child.root_chat_id = expiring.id AND NOT child.archived) AS records
      FROM (
  SELECT expiring.id, expiring.created_at, expiring.last_activity_at
  FROM chats AS expiring
  WHERE NOT expiring.archived
  AND expiring.root_chat_id IS NULL
  AND expiring.pin_order = 0
  AND expiring.purging_at IS NULL
  AND expiring.status NOT IN ('running', 'pending', 'paused', 'requires_action')
  AND coalesce(expiring.last_activity_at, expiring.created_at) < $1::timestamptz
  AND expiring.created_at < $2::timestamptz
  ORDER BY coalesce(expiring.last_activity_at, expiring.created_at), expiring.id
  LIMIT $3
) AS expiring
      WHERE coalesce((
  SELECT max(newest.moment)
  FROM (
    SELECT expiring.id UNION ALL SELECT child.id FROM chats AS child WHERE child.root_chat_id = expiring.id
  ) AS member (id)
  CROSS JOIN LATERAL (
    SELECT greatest(
      (SELECT created_at FROM chat_messages WHERE chat_id = member.id AND NOT deleted ORDER BY created_at DESC LIMIT 1),
      (SELECT started_at FROM chat_debug_runs WHERE chat_id = member.id ORDER BY started_at DESC LIMIT 1)
    ) AS moment
  ) AS newest
), '-infinity') < $4::timestamptz
      LIMIT $5
    ) AS counted;

commit;
