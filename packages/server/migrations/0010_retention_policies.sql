-- What the retention of chats, files, the audit log and the ledger reads, and what digests are delivered by.

-- Auto-archive reads inactive roots by the clock that counts: where no activity is stored, the creation of the chat.
DROP INDEX chats_last_activity_at_idx;
CREATE INDEX chats_inactive_idx ON chats ((coalesce(last_activity_at, created_at)), id)
    WHERE NOT archived AND root_chat_id IS NULL AND pin_order = 0 AND purging_at IS NULL
        AND status NOT IN ('running', 'pending', 'paused', 'requires_action');
-- And looks again, chat by chat, for a message that nobody has told the root of.
CREATE INDEX chat_messages_newest_idx ON chat_messages (chat_id, created_at DESC) WHERE NOT deleted;

-- Old files that chats link are not looked at in every tick: a purge notes those that it found linked, and the note goes
-- with any link of theirs. It only says where not to look; whether a file may go is asked of the links themselves.
ALTER TABLE chat_files ADD COLUMN found_linked boolean NOT NULL DEFAULT false;
DROP INDEX chat_files_created_at_idx;
CREATE INDEX chat_files_unlinked_idx ON chat_files (created_at, id) WHERE NOT found_linked;

CREATE FUNCTION forget_found_links() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE chat_files SET found_linked = false
    WHERE found_linked AND id IN (SELECT file_id FROM unlinked);
    RETURN NULL;
END
$$;
CREATE TRIGGER chat_file_links_unlinked AFTER DELETE ON chat_file_links
    REFERENCING OLD TABLE AS unlinked FOR EACH STATEMENT EXECUTE FUNCTION forget_found_links();

-- The newest row of each policy, which is kept for as long as there is no newer one.
CREATE INDEX purge_ledger_newest_idx ON purge_ledger (policy, started_at DESC, id DESC);

-- One digest for each owner and iteration, delivered once by each transport.
ALTER TABLE digest_outbox
    ADD COLUMN ledger_id uuid NOT NULL,
    ADD COLUMN delivered_by text[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT digest_outbox_ledger_id_owner_id_key UNIQUE (ledger_id, owner_id);
CREATE INDEX digest_outbox_delivered_idx ON digest_outbox (delivered_at) WHERE delivered_at IS NOT NULL;
