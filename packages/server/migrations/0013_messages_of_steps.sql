-- What the editing of messages reads: the steps that came after a message, beside chat_debug_runs_message_idx. Most recorders
-- name no messages, and cost this index nothing.
CREATE INDEX chat_debug_steps_message_idx
    ON chat_debug_steps (chat_id, (greatest(history_tip_message_id, assistant_message_id)))
    WHERE greatest(history_tip_message_id, assistant_message_id) IS NOT NULL;
