import type { Me } from "@shelflife/api-contract";
import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";

import { client } from "./client.ts";

/** Who is signed in, and what they may do. Fails with `unauthenticated` where nobody is. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => client.people.me({ signal }),
  staleTime: 60_000,
});

/** The signed-in person, for everything below the shell, which has loaded them. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}
