DELETE FROM digest_outbox
WHERE id = ANY (ARRAY(
  SELECT id FROM digest_outbox WHERE delivered_at < $1 ORDER BY delivered_at LIMIT $2
));
