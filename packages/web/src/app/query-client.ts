import { ShelflifeError } from "@shelflife/sdk";
import { QueryCache, QueryClient } from "@tanstack/react-query";

import { meQuery } from "../api/me.ts";

const RETRIES = 2;

/** For how long an answer is taken for fresh, in milliseconds; a page that is opened again within it asks nothing. */
const FRESH_MS = 10_000;

/** Asks again where that may help. An answer once received is kept and shown with a warning where a newer one fails. */
export function createQueryClient(): QueryClient {
  const client = new QueryClient({
    queryCache: new QueryCache({
      onError(error, query) {
        const signedOut = error instanceof ShelflifeError && error.code === "unauthenticated";
        // Whoever shows the signed-in person then leads to signing in.
        if (signedOut && query.queryHash !== meHash) void client.invalidateQueries({ queryKey: meQuery.queryKey });
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        retry: (failures, error) => failures < RETRIES && error instanceof ShelflifeError && error.retryable,
      },
      mutations: { retry: false },
    },
  });
  return client;
}

const meHash = JSON.stringify(meQuery.queryKey);
