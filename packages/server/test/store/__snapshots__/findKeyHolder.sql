select "key"."id" as "keyId", "person"."id" as "userId", "person"."role", "key"."scope", "key"."last_used_at" as "lastUsedAt" from "api_keys" as "key" inner join "users" as "person" on "person"."id" = "key"."user_id" where "key"."key_hash" = $1 and "key"."revoked_at" is null;

update "api_keys" set "last_used_at" = $1 where "id" = $2;
