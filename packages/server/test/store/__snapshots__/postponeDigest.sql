UPDATE digest_outbox SET attempts = attempts + 1, next_attempt_at = $1 WHERE id = $2;
