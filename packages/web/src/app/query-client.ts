import { ShelflifeError } from "@shelflife/sdk";
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";

const RETRIES = 2;

/** For how long an answer is taken for fresh, in milliseconds; a page that is opened again within it asks nothing. */
const FRESH_MS = 10_000;

/**
 * Asks again where that may help. An answer once received is kept and shown with a warning where a newer one fails.
 *
 * @param onSignedOut is called when the server says of any request that nobody is signed in any more.
 */
export function createQueryClient(onSignedOut: () => void): QueryClient {
  const onError = (error: unknown): void => {
    if (error instanceof ShelflifeError && error.code === "unauthenticated") onSignedOut();
  };
  return new QueryClient({
    queryCache: new QueryCache({
      // Whether somebody is signed in at all is asked by the router, which deals with the answer itself.
      onError: (error, query) => query.meta?.["asksWho"] !== true && onError(error),
    }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        retry: (failures, error) => failures < RETRIES && error instanceof ShelflifeError && error.retryable,
      },
    },
  });
}
