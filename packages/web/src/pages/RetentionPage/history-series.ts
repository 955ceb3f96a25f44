import type { RetentionHistory } from "@shelflife/api-contract";

const MS_PER_DAY = 86_400_000;

/** Of fewer days nobody could tell that the others were quiet. */
const FEWEST_DAYS = 14;

/** The server counts by days in UTC. */
const DAY_NAME = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });

/** A cutoff that is further away than so many times the oldest data would leave no room for the data. */
const FURTHEST_CUTOFF = 3;

export interface StoredByAge {
  /** By whole days of age, the youngest first, without gaps between. */
  readonly bars: { age: string; bytes: number }[];
  /** The age of the oldest that holds anything, in days. */
  readonly oldestDays: number;
  readonly bytes: number;
  /** What of it is older than the window; null where there is no window. */
  readonly bytesPastWindow: number | null;
  /** The age at which the cutoff is drawn; null where there is none, or it is too far away. */
  readonly cutoffAge: string | null;
}

/** Stored bytes by age, as far as there are any, and on to the cutoff. */
export function storedByAge({ stored_bytes }: RetentionHistory, debugDays: number | null, now: Date): StoredByAge {
  const today = Math.floor(now.getTime() / MS_PER_DAY);
  const byAge = new Map<number, number>();
  for (const { day, bytes } of stored_bytes) {
    // A partition that was made ahead of time holds nothing yet.
    const age = Math.max(0, today - Math.floor(Date.parse(day) / MS_PER_DAY));
    byAge.set(age, (byAge.get(age) ?? 0) + bytes);
  }
  const held = [...byAge].filter(([, bytes]) => bytes > 0);
  const oldestDays = Math.max(0, ...held.map(([age]) => age));
  const windowDays = debugDays === 0 ? null : debugDays;
  const isNear = windowDays !== null && windowDays <= FURTHEST_CUTOFF * Math.max(oldestDays, FEWEST_DAYS);
  const last = isNear ? Math.max(oldestDays, windowDays) : oldestDays;
  const sum = (entries: readonly (readonly [number, number])[]): number =>
    entries.reduce((total, [, bytes]) => total + bytes, 0);
  return {
    bars: Array.from({ length: last + 1 }, (_, age) => ({ age: String(age), bytes: byAge.get(age) ?? 0 })),
    oldestDays,
    bytes: sum(held),
    bytesPastWindow: windowDays === null ? null : sum(held.filter(([age]) => age > windowDays)),
    cutoffAge: isNear ? String(windowDays) : null,
  };
}

/** What was purged, a row a day until today without gaps, a column for each kind of record that ever went, and its sum. */
export function purgedByDay(
  { purged }: RetentionHistory,
  now: Date,
): {
  days: Record<string, string | number>[];
  recordTypes: string[];
  totals: { type: string; records: number }[];
} {
  const gone = purged.filter(({ records }) => records > 0);
  const recordTypes = [...new Set(gone.map(({ record_type }) => record_type))];
  const totals = recordTypes.map((type) => ({
    type,
    records: gone.filter(({ record_type }) => record_type === type).reduce((sum, { records }) => sum + records, 0),
  }));
  if (gone.length === 0) return { days: [], recordTypes, totals };
  const today = Math.floor(now.getTime() / MS_PER_DAY);
  const first = Math.min(today - FEWEST_DAYS + 1, ...gone.map(({ day }) => Math.floor(Date.parse(day) / MS_PER_DAY)));
  const byDay = Map.groupBy(gone, ({ day }) => day);
  const days = Array.from({ length: today - first + 1 }, (_, index) => {
    const day = new Date((first + index) * MS_PER_DAY).toISOString().slice(0, 10);
    const rows = byDay.get(day) ?? [];
    const counts = recordTypes.map((type) => [
      type,
      rows.filter(({ record_type }) => record_type === type).reduce((sum, { records }) => sum + records, 0),
    ]);
    return { day: DAY_NAME.format(Date.parse(day)), ...Object.fromEntries(counts) };
  });
  return { days, recordTypes, totals };
}
