insert into "set_up_tokens" ("token_hash", "expires_at") values ($1, $2);
