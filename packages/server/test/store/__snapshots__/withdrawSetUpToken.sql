delete from "set_up_tokens" where "token_hash" = $1;
