begin;

select "email" from "users" where "id" = $1 for update;

delete from "accounts" where "user_id" = $1 and "provider_id" = $2 returning "updated_at";

insert into "accounts" ("id", "user_id", "provider_id", "account_id", "password", "created_at", "updated_at") values ($1, $2, $3, $4, $5, $6, $7);

delete from "sessions" where "user_id" = $1;

insert into "audit_logs" ("id", "time", "user_id", "ip", "user_agent", "request_id", "resource_type", "resource_id", "resource_target", "action", "diff", "status_code", "additional_fields") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

commit;

delete from "sessions" where "user_id" = $1 and "id" != $2;
