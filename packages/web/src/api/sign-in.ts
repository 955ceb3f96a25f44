import { queryOptions } from "@tanstack/react-query";

import { client } from "./client.ts";

/** How one can sign in here; it does not change while the page is open. */
export const signInMethodsQuery = queryOptions({
  queryKey: ["sign-in-methods"],
  queryFn: ({ signal }) => client.signIn.methods({ signal }),
  staleTime: Infinity,
});

/** Whether nobody has an account yet. */
export const setUpStateQuery = queryOptions({
  queryKey: ["set-up"],
  queryFn: ({ signal }) => client.signIn.setUpState({ signal }),
});
