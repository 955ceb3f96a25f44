import type { RetentionHistory } from "@shelflife/api-contract";

const MS_PER_DAY = 86_400_000;

/** Of fewer days nobody could tell that the others were quiet. */
const FEWEST_DAYS = 14;

/** The server counts by days in UTC. */
const DAY_NAME = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });

/** Stored bytes by whole days of age, the youngest first, without gaps between. */
export function storedByAge({ stored_bytes }: RetentionHistory, now: Date): { age: string; bytes: number }[] {
  const today = Math.floor(now.getTime() / MS_PER_DAY);
  const byAge = new Map<number, number>();
  for (const { day, bytes } of stored_bytes) {
    // A partition that was made ahead of time holds nothing yet.
    const age = Math.max(0, today - Math.floor(Date.parse(day) / MS_PER_DAY));
    byAge.set(age, (byAge.get(age) ?? 0) + bytes);
  }
  const oldest = Math.max(0, ...byAge.keys());
  return Array.from({ length: oldest + 1 }, (_, age) => ({ age: String(age), bytes: byAge.get(age) ?? 0 }));
}

/** What was purged, a row a day until today without gaps, and a column for each kind of record that ever went. */
export function purgedByDay(
  { purged }: RetentionHistory,
  now: Date,
): {
  days: Record<string, string | number>[];
  recordTypes: string[];
} {
  const gone = purged.filter(({ records }) => records > 0);
  const recordTypes = [...new Set(gone.map(({ record_type }) => record_type))];
  if (gone.length === 0) return { days: [], recordTypes };
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
  return { days, recordTypes };
}
