import { ShelflifeClient } from "@shelflife/sdk";

/** The API of the server that this page came from. The browser adds the session cookie. */
export const client = new ShelflifeClient({ baseUrl: location.origin });
