/** Where a page of a list ends that is read from the newest to the oldest: the next page begins after it. */
export interface PageCursor {
  /** SQL text in UTC, because a JavaScript Date would lose its microseconds. */
  readonly time: string;
  readonly id: string;
}

/** A page, and where it ends; null where there is nothing after it. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: PageCursor | null;
}

/** Cuts off the one row beyond the page that was asked for to see whether there is one. */
export function pageOf<Row extends { readonly id: string; readonly cursor_time: string }>(
  rows: readonly Row[],
  limit: number,
): Page<Row> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last !== undefined ? { time: last.cursor_time, id: last.id } : null;
  return { rows: page, next };
}
