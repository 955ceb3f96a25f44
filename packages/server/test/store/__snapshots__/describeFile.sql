        SELECT file.id, file.name, file.mimetype, octet_length(file.data) AS size, file.created_at FROM chat_files AS file WHERE file.id = $1 AND (
  file.owner_id = $2
  OR EXISTS (
    SELECT FROM chat_file_links AS link
    JOIN chats AS chat ON chat.id = link.chat_id
    WHERE link.file_id = file.id AND chat.owner_id = $3 AND chat.purging_at IS NULL
  )
);
