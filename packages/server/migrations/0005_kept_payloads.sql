-- Payloads that must outlive their day's partition, because their run is written to again and again: recorded_at is
-- 'infinity' there. The partition is made here and never dropped.
CREATE TABLE chat_debug_payloads_kept PARTITION OF chat_debug_payloads FOR VALUES FROM ('infinity') TO (MAXVALUE);

-- When each policy last did its work, for the metric that an alert rests on.
CREATE INDEX purge_ledger_last_success_idx ON purge_ledger (policy, finished_at DESC)
    WHERE outcome IN ('success', 'disabled');
-- How far debug runs have been purged: what a payload partition may still hold of runs that are gone.
CREATE INDEX purge_ledger_cutoff_idx ON purge_ledger (policy, cutoff DESC) WHERE deleted > 0;
