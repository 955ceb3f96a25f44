select "id", "email", "name", "role" from "users" where "email" = $1;
