SELECT set_config('lock_timeout', $1, false);

SELECT pg_advisory_lock($1);

ALTER TABLE chat_debug_payloads DETACH PARTITION "chat_debug_payloads_2026030100_xxxxxxxx" CONCURRENTLY;

SELECT pg_advisory_unlock_all(), set_config('lock_timeout', '0', false);
