import { type QueryClient, queryOptions } from "@tanstack/react-query";

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

/**
 * Forgets all that was received for whoever was signed in. How one signs in is the same for everybody: the page that asks
 * for it may be open already, and would neither see its answer nor ask again.
 */
export function forgetPerson(queries: QueryClient): void {
  const kept = [signInMethodsQuery, setUpStateQuery].map(({ queryKey }) => queryKey[0]);
  queries.removeQueries({ predicate: ({ queryKey }) => !kept.includes(String(queryKey[0])) });
  queries.getMutationCache().clear();
}
