import type { BoundedCount } from "@shelflife/api-contract";
import type { JSX } from "react";

import { formatCount } from "./format-number.ts";

/** A number of records: exact, or counted up to a limit. Null is one that cannot be told. */
export function Count({ count }: { count: number | BoundedCount | null }): JSX.Element {
  if (count === null) return <span>unknown</span>;
  if (typeof count === "number") return <span>{formatCount(count)}</span>;
  return <span>{count.at_least ? `at least ${formatCount(count.count)}` : formatCount(count.count)}</span>;
}
