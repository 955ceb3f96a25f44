delete from "sessions" where "expires_at" <= $1;

delete from "verifications" where "expires_at" <= $1;

delete from "set_up_tokens" where "expires_at" <= $1;

delete from "sign_in_attempts" where "window_started_at" <= $1;
