select "id", "email", "name", "role" from "users" order by "email";
