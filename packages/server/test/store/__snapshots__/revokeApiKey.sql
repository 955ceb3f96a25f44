begin;

update "api_keys" set "revoked_at" = $1 where "id" = $2 and "user_id" = $3 and "revoked_at" is null returning "name";

insert into "audit_logs" ("id", "time", "user_id", "ip", "user_agent", "request_id", "resource_type", "resource_id", "resource_target", "action", "diff", "status_code", "additional_fields") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

commit;
