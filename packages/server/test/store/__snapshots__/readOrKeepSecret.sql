insert into "deployment_secrets" ("name", "value") values ($1, $2) on conflict do nothing;

select "value" from "deployment_secrets" where "name" = $1;
