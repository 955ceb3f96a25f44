begin;

LOCK TABLE site_configs IN SHARE ROW EXCLUSIVE MODE;

select "key", "value" from "site_configs" where "key" in ($1, $2);

insert into "site_configs" ("key", "value") values ($1, $2) on conflict ("key") do update set "value" = $3;

insert into "audit_logs" ("id", "time", "user_id", "ip", "user_agent", "request_id", "resource_type", "resource_id", "resource_target", "action", "diff", "status_code", "additional_fields") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

commit;
