select "password" from "accounts" where "user_id" = $1 and "provider_id" = $2;
