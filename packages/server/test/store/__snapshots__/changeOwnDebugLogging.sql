begin;

SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE;

select "key", "value" from "site_configs" where "key" in ($1, $2);

SELECT value FROM user_configs WHERE user_id = $1 AND key = $2;

INSERT INTO user_configs (user_id, key, value) VALUES ($1, $2, $3)
ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value;

insert into "audit_logs" ("id", "time", "user_id", "ip", "user_agent", "request_id", "resource_type", "resource_id", "resource_target", "action", "diff", "status_code", "additional_fields") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

commit;
