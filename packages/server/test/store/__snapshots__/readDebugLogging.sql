select "key", "value" from "site_configs" where "key" in ($1, $2);
