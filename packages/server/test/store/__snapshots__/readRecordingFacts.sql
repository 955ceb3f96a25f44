WITH
  chat AS (SELECT id, owner_id, recorder_id FROM chats WHERE id = ANY ($1::uuid[])),
  person AS (
    SELECT named.name, users.id
    FROM unnest($2::text[]) AS named (name)
    JOIN users ON users.email = named.name OR users.id::text = named.name
  ),
  concerned AS (
    SELECT $3::uuid AS id UNION SELECT owner_id FROM chat UNION SELECT id FROM person
  )
SELECT
  (SELECT value FROM site_configs WHERE key = $4) AS allow_users,
  (SELECT value FROM site_configs WHERE key = $5) AS user_default,
  (SELECT coalesce(jsonb_object_agg(id, jsonb_build_object('owner', owner_id, 'recorder', recorder_id)), '{}') FROM chat) AS chats,
  (SELECT coalesce(jsonb_object_agg(name, id), '{}') FROM person) AS people,
  (
    SELECT coalesce(jsonb_object_agg(id, chat_id), '{}') FROM chat_debug_runs WHERE id = ANY ($6::uuid[])
  ) AS runs,
  (
    SELECT coalesce(jsonb_object_agg(user_id, value), '{}')
    FROM user_configs
    JOIN concerned ON concerned.id = user_configs.user_id
    WHERE key = $7
  ) AS switches;
