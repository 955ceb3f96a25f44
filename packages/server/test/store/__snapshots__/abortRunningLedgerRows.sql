update "purge_ledger" set "outcome" = $1, "finished_at" = $2 where "outcome" = $3;
