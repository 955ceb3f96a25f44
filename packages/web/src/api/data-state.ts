import { ShelflifeError } from "@shelflife/sdk";
import type { UseQueryResult } from "@tanstack/react-query";

/** A failed request as it is told to a person. */
export interface Problem {
  readonly message: string;
  /** What helps to find the cause: what the server said of it. */
  readonly detail: string | undefined;
}

/** What a view shows of something that is loaded. */
export type DataState<Data> =
  | { readonly kind: "loading" }
  | { readonly kind: "error"; readonly problem: Problem; readonly retry: () => void }
  | { readonly kind: "forbidden" }
  | { readonly kind: "not-found" }
  | {
      readonly kind: "ready";
      readonly data: Data;
      /** Set where a newer answer could not be had, so that what is shown may be out of date. */
      readonly stale: Stale | null;
    };

export interface Stale {
  readonly problem: Problem;
  /** When what is shown was received. */
  readonly since: Date;
  readonly retry: () => void;
}

/** Where a query stands. An answer that was received stays, with a warning where a newer one fails. */
export function dataState<Data>(query: UseQueryResult<Data>): DataState<Data> {
  const retry = (): void => void query.refetch();
  if (query.data !== undefined) {
    const since = new Date(query.dataUpdatedAt);
    return {
      kind: "ready",
      data: query.data,
      stale: query.error === null ? null : { problem: problemOf(query.error), since, retry },
    };
  }
  if (query.error === null) return { kind: "loading" };
  if (query.error instanceof ShelflifeError && query.error.code === "forbidden") return { kind: "forbidden" };
  if (query.error instanceof ShelflifeError && query.error.code === "not_found") return { kind: "not-found" };
  return { kind: "error", problem: problemOf(query.error), retry };
}

/** What a person is told of a failure. Only the API's own sentences are fit to be shown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ShelflifeError) return { message: error.message, detail: error.detail };
  return { message: "Something went wrong in this page. Reloading it may help.", detail: undefined };
}
