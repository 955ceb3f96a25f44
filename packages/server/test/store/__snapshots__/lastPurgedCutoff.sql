SELECT max(cutoff) AS cutoff FROM purge_ledger WHERE policy = 'debug-runs' AND deleted > 0;
