begin;

LOCK TABLE site_configs IN SHARE ROW EXCLUSIVE MODE;

select "value" from "site_configs" where "key" = $1;

SELECT NULL AS value, effective_days, set_days, shortened_at FROM retention_windows
WHERE setting_key = $1 FOR UPDATE;

INSERT INTO retention_windows (setting_key, effective_days, set_days, shortened_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (setting_key) DO UPDATE
SET effective_days = excluded.effective_days, set_days = excluded.set_days, shortened_at = excluded.shortened_at;

insert into "site_configs" ("key", "value") values ($1, $2) on conflict ("key") do update set "value" = $3;

insert into "audit_logs" ("id", "time", "user_id", "ip", "user_agent", "request_id", "resource_type", "resource_id", "resource_target", "action", "diff", "status_code", "additional_fields") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

commit;
