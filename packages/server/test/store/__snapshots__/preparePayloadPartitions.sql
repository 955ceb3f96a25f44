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

begin;

SELECT set_config('lock_timeout', $1, true);

SELECT pg_advisory_xact_lock($1);

CREATE TABLE "chat_debug_payloads_2026030200_xxxxxxxx" (LIKE chat_debug_payloads INCLUDING ALL);

COMMENT ON TABLE "chat_debug_payloads_2026030200_xxxxxxxx" IS 'shelflife payload partition 2026-03-02T00:00:00.000Z 2026-03-03T00:00:00.000Z';

ALTER TABLE chat_debug_payloads ATTACH PARTITION "chat_debug_payloads_2026030200_xxxxxxxx" FOR VALUES FROM ('2026-03-02T00:00:00.000Z') TO ('2026-03-03T00:00:00.000Z');

CREATE TABLE "chat_debug_payloads_2026030300_xxxxxxxx" (LIKE chat_debug_payloads INCLUDING ALL);

COMMENT ON TABLE "chat_debug_payloads_2026030300_xxxxxxxx" IS 'shelflife payload partition 2026-03-03T00:00:00.000Z 2026-03-04T00:00:00.000Z';

ALTER TABLE chat_debug_payloads ATTACH PARTITION "chat_debug_payloads_2026030300_xxxxxxxx" FOR VALUES FROM ('2026-03-03T00:00:00.000Z') TO ('2026-03-04T00:00:00.000Z');

commit;
