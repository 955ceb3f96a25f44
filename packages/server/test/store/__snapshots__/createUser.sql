begin;

insert into "users" ("id", "email", "email_verified", "role", "name", "created_at", "updated_at") values ($1, $2, $3, $4, $5, $6, $7) returning "id", "email", "name", "role", "created_at" as "createdAt";

insert into "audit_logs" ("id", "time", "user_id", "ip", "user_agent", "request_id", "resource_type", "resource_id", "resource_target", "action", "diff", "status_code", "additional_fields") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

commit;
