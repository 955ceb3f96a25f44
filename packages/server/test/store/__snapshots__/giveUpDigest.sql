DELETE FROM digest_outbox WHERE id = $1;
