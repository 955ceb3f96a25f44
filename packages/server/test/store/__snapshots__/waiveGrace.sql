begin;

LOCK TABLE site_configs IN SHARE ROW EXCLUSIVE MODE;

SELECT site_configs.value, retention_windows.effective_days, retention_windows.set_days, retention_windows.shortened_at
FROM (SELECT $1::text AS key) AS wanted
LEFT JOIN site_configs ON site_configs.key = wanted.key
LEFT JOIN retention_windows ON retention_windows.setting_key = wanted.key;

INSERT INTO retention_windows (setting_key, effective_days, set_days, shortened_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (setting_key) DO UPDATE
SET effective_days = excluded.effective_days, set_days = excluded.set_days, shortened_at = excluded.shortened_at;

insert into "audit_logs" ("id", "time", "user_id", "ip", "user_agent", "request_id", "resource_type", "resource_id", "resource_target", "action", "diff", "status_code", "additional_fields") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

commit;
