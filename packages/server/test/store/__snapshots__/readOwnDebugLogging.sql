select "key", "value" from "site_configs" where "key" in ($1, $2);

SELECT value FROM user_configs WHERE user_id = $1 AND key = $2;
