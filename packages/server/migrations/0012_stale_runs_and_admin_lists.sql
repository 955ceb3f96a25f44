-- What the stale finaliser looks for, and what the lists of the administration read.

-- Steps and chats that somebody left unfinished; unfinished runs have chat_debug_runs_unfinished_idx.
CREATE INDEX chat_debug_steps_unfinished_idx ON chat_debug_steps (updated_at) WHERE finished_at IS NULL;
CREATE INDEX chats_running_idx ON chats (updated_at) WHERE status = 'running';

-- The audit log of one kind of resource, and the ledger by outcome, newest first.
CREATE INDEX audit_logs_resource_type_idx ON audit_logs (resource_type, time DESC, id DESC);
CREATE INDEX purge_ledger_outcome_idx ON purge_ledger (outcome, started_at DESC, id DESC);
