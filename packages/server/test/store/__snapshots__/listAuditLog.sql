SELECT
  entry.id, entry.time, entry.user_id, users.email AS user_email, host(entry.ip) AS ip, entry.user_agent,
  entry.resource_type, entry.resource_id, entry.resource_target, entry.action, entry.diff, entry.additional_fields,
  entry.request_id, entry.time::text AS cursor_time
FROM audit_logs AS entry
LEFT JOIN users ON users.id = entry.user_id
ORDER BY entry.time DESC, entry.id DESC
LIMIT $1;

SELECT
  entry.id, entry.time, entry.user_id, users.email AS user_email, host(entry.ip) AS ip, entry.user_agent,
  entry.resource_type, entry.resource_id, entry.resource_target, entry.action, entry.diff, entry.additional_fields,
  entry.request_id, entry.time::text AS cursor_time
FROM audit_logs AS entry
LEFT JOIN users ON users.id = entry.user_id
WHERE entry.resource_type = $1 AND (entry.time, entry.id) < ($2::timestamptz, $3::uuid)
ORDER BY entry.time DESC, entry.id DESC
LIMIT $4;
