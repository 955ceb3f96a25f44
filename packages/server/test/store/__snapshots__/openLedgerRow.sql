insert into "purge_ledger" ("id", "tick_id", "policy", "record_type", "replica", "started_at") values ($1, $2, $3, $4, $5, $6);
