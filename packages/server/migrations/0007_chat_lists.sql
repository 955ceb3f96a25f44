-- What the lists of chats and the editing of messages read.

-- A person's pinned chats stand before all others, which chats_owner_list_idx finds.
CREATE INDEX chats_owner_pinned_idx ON chats (owner_id, archived, pin_order, updated_at DESC, id DESC)
    WHERE pin_order > 0;

-- The runs that came after a message; most recorders name none, and cost this index nothing.
CREATE INDEX chat_debug_runs_message_idx
    ON chat_debug_runs (chat_id, (greatest(trigger_message_id, history_tip_message_id)))
    WHERE greatest(trigger_message_id, history_tip_message_id) IS NOT NULL;
