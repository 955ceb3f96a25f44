import type { JSX } from "react";

import { formatBytes, formatCount } from "./format-number.ts";

/** An amount of data. Pointing at it shows the exact number. Null is one that cannot be told. */
export function Bytes({ bytes }: { bytes: number | null }): JSX.Element {
  if (bytes === null) return <span>unknown</span>;
  return <span title={`${formatCount(bytes)} bytes`}>{formatBytes(bytes)}</span>;
}
