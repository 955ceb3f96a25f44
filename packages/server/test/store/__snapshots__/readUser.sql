select "id", "email", "name", "role", "created_at" as "createdAt" from "users" where "id" = $1;
