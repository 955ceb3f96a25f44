SELECT count(*) AS marked FROM chats WHERE purging_at IS NOT NULL;
