select "id", "email", "name", "role", "created_at" as "createdAt" from "users" order by "email";
