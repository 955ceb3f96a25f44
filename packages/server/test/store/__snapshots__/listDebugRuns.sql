select "id" from "chats" where "id" = $1 and "owner_id" = $2 and "purging_at" is null;

select "run"."id", "run"."chat_id", "run"."kind", "run"."status", "run"."provider", "run"."model", "run"."summary", "run"."started_at", "run"."updated_at", "run"."finished_at" from "chat_debug_runs" as "run" where "run"."chat_id" = $1 order by "run"."started_at" desc, "run"."id" desc limit $2;
