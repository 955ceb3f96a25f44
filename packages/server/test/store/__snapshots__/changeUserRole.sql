begin;

select "id" from "users" where "role" = $1 order by "id" for update;

select "email", "role" from "users" where "id" = $1 for update;

update "users" set "role" = $1, "updated_at" = $2 where "id" = $3;

insert into "audit_logs" ("id", "time", "user_id", "ip", "user_agent", "request_id", "resource_type", "resource_id", "resource_target", "action", "diff", "status_code", "additional_fields") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

commit;
