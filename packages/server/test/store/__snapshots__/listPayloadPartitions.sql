SELECT
  relation.relname AS name,
  description.description AS comment,
  CASE WHEN link.inhrelid IS NULL THEN 'detached' WHEN link.inhdetachpending THEN 'detaching' ELSE 'attached' END AS state
FROM pg_description AS description
JOIN pg_class AS relation ON relation.oid = description.objoid
LEFT JOIN pg_inherits AS link ON link.inhrelid = relation.oid AND link.inhparent = 'chat_debug_payloads'::regclass
WHERE description.classoid = 'pg_class'::regclass
  AND description.objsubid = 0
  AND description.description LIKE $1
  AND relation.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'chat_debug_payloads'::regclass);
