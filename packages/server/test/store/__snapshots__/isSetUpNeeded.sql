select "id" from "users" limit $1;
