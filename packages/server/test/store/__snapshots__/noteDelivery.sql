UPDATE digest_outbox SET delivered_by = array_append(delivered_by, $1) WHERE id = $2;
