UPDATE digest_outbox SET delivered_at = $1 WHERE id = $2;
