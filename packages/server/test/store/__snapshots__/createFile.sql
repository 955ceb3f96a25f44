INSERT INTO chat_files (id, owner_id, organization_id, name, mimetype, data, created_at)
VALUES (
  $1, $2, (SELECT id FROM organizations ORDER BY created_at, id LIMIT 1),
  $3, $4, $5, $6
);
