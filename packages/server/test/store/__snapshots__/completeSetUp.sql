begin;

LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE;

select "id" from "users" limit $1;

select "token_hash" as "tokenHash" from "set_up_tokens" where "expires_at" > $1;

insert into "users" ("id", "email", "email_verified", "role", "name", "created_at", "updated_at") values ($1, $2, $3, $4, $5, $6, $7) returning "id", "email", "name", "role", "created_at" as "createdAt";

insert into "accounts" ("id", "user_id", "provider_id", "account_id", "password", "created_at", "updated_at") values ($1, $2, $3, $4, $5, $6, $7);

insert into "audit_logs" ("id", "time", "user_id", "ip", "user_agent", "request_id", "resource_type", "resource_id", "resource_target", "action", "diff", "status_code", "additional_fields") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

delete from "set_up_tokens";

select "value" from "site_configs" where "key" = $1;

insert into "site_configs" ("key", "value") values ($1, $2) on conflict ("key") do update set "value" = $3;

commit;
