import type { Me } from "@shelflife/api-contract";
import { ShelflifeError } from "@shelflife/sdk";
import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";

import { client } from "./client.ts";

/** For how long the signed-in person's role is taken for what it was, in milliseconds. */
const FRESH_MS = 60_000;

/** Who is signed in, and what they may do. Fails with `unauthenticated` where nobody is. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => client.people.me({ signal }),
  staleTime: FRESH_MS,
  meta: { asksWho: true },
});

/**
 * Who is signed in, or null where nobody is. While the server does not answer, it is who was signed in before.
 *
 * @throws {ShelflifeError} where the server could not be asked, and was not before
 */
export async function findMe(queryClient: QueryClient): Promise<Me | null> {
  try {
    return await queryClient.fetchQuery(meQuery);
  } catch (error) {
    if (error instanceof ShelflifeError && error.code === "unauthenticated") return null;
    const before = queryClient.getQueryData(meQuery.queryKey);
    if (before !== undefined) return before;
    throw error;
  }
}

const shell = getRouteApi("/signed-in");

/** The signed-in person, for every page within the shell. */
export function useMe(): Me {
  return shell.useRouteContext({ select: ({ me }) => me });
}
